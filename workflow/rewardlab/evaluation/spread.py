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
    drawn = [clusters[index] for index in rng.integers(len(clusters), size=len(clusters))]
    if nested:
        drawn = [rows[rng.integers(len(rows), size=len(rows))] for rows in drawn]
    return np.concatenate(drawn)


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
    clusters: list[NDArray],
    nested: bool,
    between: float,
    noise: float,
    ratio: float,
    rng: np.random.Generator,
    trials: int = 200,
    resamples: int = 300,
) -> Reliability:
    """Return what the interval of a variance ratio is worth in a design, by simulation.

    clusters: the rows of each; between: share of a policy's variance that its cluster has in
    common; noise: variance of judging over the second method's true variance; ratio: of the true
    variances. Policies are Gaussian, with the same clusters for both methods.
    """
    count = sum(map(len, clusters))
    covered = above = 0
    rows = np.stack([cluster_rows(clusters, rng, nested) for _ in range(resamples)], axis=1)
    for _ in range(trials):
        drawn = []
        for scale in (np.sqrt(ratio), 1.0):
            values = np.empty(count)
            for members in clusters:
                common = np.sqrt(between) * rng.standard_normal()
                specific = np.sqrt(1 - between) * rng.standard_normal(len(members))
                values[members] = scale * (common + specific)
            judged = values + np.sqrt(noise) * rng.standard_normal(count)
            drawn.append(np.stack([judged[rows], np.full(rows.shape, noise)]))
        low, high = np.quantile(variance_ratio(*drawn), [0.025, 0.975], method="inverted_cdf")
        covered += low <= ratio <= high
        above += low > 1
    return Reliability(covered / trials, above / trials)
