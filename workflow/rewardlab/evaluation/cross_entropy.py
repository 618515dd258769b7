"""How well a logit predicts labels whose true logit is known: pure functions on arrays (P, M).

Prompts, the first axis, are the units of all intervals.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import Estimate
from rewardlab.evaluation.statistics import bootstrap_interval

Array = NDArray[np.float64]
CALIBRATION_STEPS = 25  # Newton's, of a convex loss in two numbers


def by_prompt(statistic, errors: Array, seed: int, resamples: int) -> Quantity:
    """Return a statistic of mean errors (P, C) by prompt, with its bootstrap interval."""
    rng = np.random.default_rng(seed)
    interval = bootstrap_interval(
        lambda sample: statistic(sample.mean(1)), errors, rng, resamples=resamples
    )
    return Quantity(float(statistic(errors.mean(0)[None])[0]), *interval)


def loss(logits: Array, true: Array) -> Array:
    """Return the expected cross-entropy (P,) of labels with true logits under others, in nats.

    It is exact given the logits (P, M): no label is drawn. Models are trained to minimise it.
    """
    return (np.logaddexp(0, logits) - expit(true) * logits).mean(1)


def difference(first, second, true, seed: int, resamples: int) -> Quantity:
    """Return how much more cross-entropy the first logits (P, M) have than the second."""
    errors = np.stack([loss(first, true), loss(second, true)], axis=1)
    return by_prompt(lambda mean: mean[:, 0] - mean[:, 1], errors, seed, resamples)


class Calibration(NamedTuple):
    """Intercept and slope at which a line in a reward is nearest to a logit."""

    intercept: float
    slope: Quantity


def calibration(reward: Array, probability: Array) -> Calibration:
    """Return the logistic calibration of a reward (P, M) to probabilities (P, M).

    It minimises the cross-entropy of the labels; a reward that is their logit has the slope 1. The
    interval is by the sandwich estimator, with prompts as the units.
    """
    inputs = np.stack([np.ones_like(reward), reward], axis=-1)  # (P, M, 2)
    line = np.zeros(2)
    for _ in range(CALIBRATION_STEPS):
        found = expit(inputs @ line)
        slopes = np.einsum("pm,pmi->pi", found - probability, inputs)
        curvature = np.einsum("pm,pmi,pmj->ij", found * (1 - found), inputs, inputs)
        line = line - np.linalg.solve(curvature, slopes.sum(0))
    inverse = np.linalg.inv(curvature)
    error = np.sqrt((inverse @ slopes.T @ slopes @ inverse)[1, 1])
    return Calibration(
        float(line[0]), Estimate(float(line[1]), float(error), len(reward) - 1).quantity
    )
