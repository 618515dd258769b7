"""Intervals: pure functions on arrays."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, bootstrap

Array = NDArray[np.float64]
BATCH = 100  # resamples in memory at a time


def bootstrap_interval(
    statistic: Callable[[Array], Array],
    sample: Array,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2000,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic; NaN for a single unit.

    sample: (n, ...), units along the first axis; statistic: maps (m, n, ...) to (m,).
    """
    if len(sample) < 2:
        return float("nan"), float("nan")
    found = bootstrap(
        (np.arange(len(sample)),),
        lambda rows, axis: statistic(sample[rows]),
        n_resamples=resamples,
        batch=BATCH,
        vectorized=True,
        confidence_level=level,
        method="percentile",
        rng=rng,
    )
    low, high = found.confidence_interval
    return float(low), float(high)


def bootstrap_means(sample: Array, rng: np.random.Generator, resamples: int = 2000) -> Array:
    """Return the means (resamples, ...) of bootstrap samples of units; sample: (n, ...).

    All columns are resampled together, so that differences and ratios of their means are paired.
    A single unit says nothing of how units differ: its means are NaN.
    """
    count = len(sample)
    if count < 2:
        return np.full((resamples, *sample.shape[1:]), np.nan)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples) / count
    return (drawn @ sample.reshape(count, -1)).reshape(resamples, *sample.shape[1:])


def percentile_interval(values: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return the central interval of resampled values (resamples, ...), ends of shape (...)."""
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return low, high


def binomial_interval(successes: Array, trials: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return the exact (Clopper-Pearson) interval of a probability; arrays broadcast."""
    tail = (1 - level) / 2
    successes, trials = np.asarray(successes, float), np.asarray(trials, float)
    low = np.where(successes == 0, 0.0, beta.ppf(tail, successes, trials - successes + 1))
    high = np.where(successes == trials, 1.0, beta.ppf(1 - tail, successes + 1, trials - successes))
    return low, high
