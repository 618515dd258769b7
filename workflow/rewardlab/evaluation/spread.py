"""Means and variances over policies: pure functions on arrays.

A policy's judged reward is its true one plus the noise of judging on few samples; policies that are
trained against one head, or one ensemble, are alike. So the noise's variance is taken off, and
intervals resample clusters: ensembles and heads, never policies alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Judged(NamedTuple):
    """A policy's mean judged reward, and the variance of the noise in it."""

    mean: float
    noise: float


def judged(rewards: Array) -> Judged:
    """Return the mean of rewards (N, M), M samples on each of N prompts, and its noise.

    The prompts are the same for all policies: only the samples are noise.
    """
    within = rewards.var(1, ddof=1) / rewards.shape[1]
    return Judged(float(rewards.mean()), float(within.mean() / len(rewards)))


def true_variance(means: Array, noise: Array, axis: int | None = None) -> Array:
    """Return the sample variance of policies' means less the mean variance of their noise.

    It is unbiased, and can be negative where there is little variance.
    """
    count = means.size if axis is None else means.shape[axis]
    return means.var(axis, ddof=1) - noise.mean(axis) if count > 1 else np.nan


class Components(NamedTuple):
    """Variance of policies between heads and within them, noise of judging taken off."""

    between: float
    within: float


def components(means: Array, noise: Array) -> Components:
    """Return the variance components of means (heads, trials) by one-way analysis of variance."""
    trials = means.shape[1]
    within = means.var(1, ddof=1).mean()
    between = means.mean(1).var(ddof=1) - within / trials
    return Components(float(between), float(within - noise.mean()))


def cluster_rows(clusters: list[NDArray], rng: np.random.Generator, nested: bool) -> NDArray:
    """Return the rows of one bootstrap sample: clusters are drawn, each with all its rows.

    clusters: the rows of each. nested: rows are drawn anew within each drawn cluster as well.
    """
    drawn = [clusters[place] for place in rng.integers(len(clusters), size=len(clusters))]
    if nested:
        drawn = [rows[rng.integers(len(rows), size=len(rows))] for rows in drawn]
    return np.concatenate(drawn)
