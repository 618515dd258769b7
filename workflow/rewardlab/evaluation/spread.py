"""Means and variances over policies: pure functions on arrays.

A policy's judged reward is its true one plus the noise of judging on few samples; policies that are
trained against one head, or one ensemble, are alike. So the noise's variance is taken off, and
clusters are the units of intervals, ensembles or heads of one, never policies.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

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


def variance_ratio(first: Array, second: Array) -> Array:
    """Return the ratio of true variances, (...); infinite where the second is all noise.

    first, second: (2, n, ...), policies' means and the variances of their noise.
    """
    return ratio_of_variances(*(true_variance(*part, axis=0) for part in (first, second)))


def ratio_of_variances(first: Array, second: Array) -> Array:
    """Return a ratio of variances (...) that may be negative; infinite where the second is."""
    above, below = np.maximum(first, 0.0), np.maximum(second, 0.0)
    return np.divide(above, below, out=np.full(np.shape(above), np.inf), where=below > 0)


class Reliability(NamedTuple):
    """How often an interval covers the true ratio, and how often it lies above 1."""

    coverage: float
    power: float


def reliability_of_ratio(
    clusters: int,
    size: int,
    common: float,
    paired: float,
    noise: float,
    ratio: float,
    rng: np.random.Generator,
    trials: int = 400,
) -> Reliability:
    """Return what the jackknife interval of a variance ratio is worth in a design, by simulation.

    clusters, size: how many there are, and policies in each; common: share of a policy's variance
    that its cluster has in common; paired: correlation of the two methods' policies; noise:
    variance of judging over the second method's true variance; ratio: of the true variances.
    Policies are Gaussian.
    """

    def pairs(*shape: int) -> Array:
        first, second = rng.standard_normal((2, trials, *shape))
        return np.stack([first, paired * first + np.sqrt(1 - paired**2) * second])

    parts = np.sqrt(common) * pairs(clusters, 1) + np.sqrt(1 - common) * pairs(clusters, size)
    parts[0] *= np.sqrt(ratio)
    judged = parts + np.sqrt(noise) * rng.standard_normal(parts.shape)

    def log_ratio(kept: list[int]) -> Array:
        variances = judged[:, :, kept].reshape(2, trials, -1).var(-1, ddof=1) - noise
        return np.subtract(*np.log(np.maximum(variances, 1e-12)))

    units = range(clusters)
    without = np.stack([log_ratio([unit for unit in units if unit != left]) for left in units])
    spread = ((without - without.mean(0)) ** 2).sum(0)
    half = stdtrit(clusters - 1, 0.975) * np.sqrt((clusters - 1) / clusters * spread)
    value = log_ratio(list(units))
    covered = np.abs(value - np.log(ratio)) <= half
    return Reliability(float(covered.mean()), float((value - half > 0).mean()))
