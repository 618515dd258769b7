"""Variances and means of policies on paths of KL coefficients: pure functions on arrays.

Every policy's return is estimated twice, on halves of the samples, so that the covariance of the
two over policies is the variance of the true returns: the noise of the samples drops out. Ensembles
are the units of all intervals.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import jackknife
from rewardlab.evaluation.spread import ratio_of_variances

Array = NDArray[np.float64]


def at_mean_divergence(values: Array, kl: Array, targets: Sequence[float]) -> Array:
    """Return values (D, E, K, C) where the mean divergence of all policies is each of D targets.

    values: (E, K, B, C), on paths of B coefficients, the same for all policies; kl: (E, K, B). NaN
    where a target is outside of the path.
    """
    return on_path(kl.mean((0, 1)), np.moveaxis(values, 2, 0), targets)


def at_own_divergence(values: Array, kl: Array, targets: Sequence[float]) -> Array:
    """Return values (D, E, K, C) where each policy's own divergence is the target; as above."""
    shape = kl.shape[:2]
    policies = zip(kl.reshape(-1, kl.shape[2]), values.reshape(-1, *values.shape[2:]), strict=True)
    found = np.stack([on_path(*policy, targets) for policy in policies], axis=1)
    return found.reshape(len(targets), *shape, -1)


def on_path(kl: Array, values: Array, targets: Sequence[float]) -> Array:
    """Return values (D, ...) of a path's (B, ...) at D divergences, the path's being (B,).

    NaN where a divergence is outside of the path.
    """
    order = np.argsort(kl)
    line = PchipInterpolator(np.log(kl[order]), values[order], extrapolate=False)
    return line(np.log(np.asarray(targets, float)))


def laid_out(paths: pd.DataFrame, columns: list[str]) -> Array:
    """Return columns as (E, K, B, C); rows: sorted by ensemble, head and coefficient."""
    shape = (paths.ensemble.nunique(), paths["head"].nunique(), -1, len(columns))
    return paths[columns].to_numpy(float).reshape(shape)


def variance_without_noise(returns: Array) -> float:
    """Return the variance over policies of returns (E, K, 2), the noise of the samples off."""
    return float(_moments(returns, np.ones((1, len(returns))))[0][0])


def slope_without_noise(judged: Array, exact: Array) -> float:
    """Return the slope of judged returns (...) on exact ones (..., 2), the noise of samples off."""
    first, second = exact.reshape(-1, 2).T
    spread = np.cov(first, second)[0, 1]
    return float(np.cov(judged.ravel(), (first + second) / 2)[0, 1] / spread)


class Comparison(NamedTuple):
    """Weighted policies against vanilla ones: variances, their ratio, the gain of the mean."""

    vanilla: float
    weighted: float
    ratio: Quantity
    gain: Quantity


def compared(vanilla: Array, weighted: Array) -> Comparison:
    """Return how returns (E, K, 2) of weighted policies compare with vanilla's.

    The ratio is vanilla's variance over the weighted ones'; infinite where that is not above 0. A
    single ensemble gives no intervals.
    """
    count = len(vanilla)
    left_out = 1 - np.eye(count) if count > 1 else np.empty((0, 1))
    counts = np.concatenate([np.ones((1, count)), left_out])
    (first, mean_first), (second, mean_second) = (
        _moments(part, counts) for part in (vanilla, weighted)
    )
    ratio, gain = ratio_of_variances(first, second), mean_second - mean_first
    return Comparison(
        float(first[0]),
        float(second[0]),
        jackknife(ratio[0], ratio[1:], log=True).quantity,
        jackknife(gain[0], gain[1:]).quantity,
    )


def _moments(returns: Array, counts: Array) -> tuple[Array, Array]:
    """Return variance without noise and mean of returns (E, K, 2) by counts (R, E) of ensembles."""
    size = returns.shape[1]
    centred = returns - returns.mean((0, 1))
    total = counts.sum(1) * size
    means = counts @ centred.sum(1) / total[:, None]
    products = counts @ centred.prod(-1).sum(1) / total
    variance = (products - means.prod(-1)) * total / (total - 1)
    return variance, means.mean(-1) + returns.mean()
