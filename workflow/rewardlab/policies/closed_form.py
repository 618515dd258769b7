"""Closed-form policies under a Euclidean constraint, and what their returns look like.

"Towards Reliable Alignment: Uncertainty-aware RLHF", sections 2 and 3. Rewards and policies are
vectors over D prompt-response pairs; the estimate R is drawn from N(r*, diag(variances)). The
constraint is on pi - pi0 alone, so these policies need not be probability vectors.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
METHODS = ("variance-unaware", "variance-aware")


class Moments(NamedTuple):
    """Mean and standard deviation of a return."""

    mean: float
    deviation: float


def problem(
    dimension: int, norm: float, low: float, high: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return true rewards of a norm and the variances of their estimates, each (D,).

    The rewards have one magnitude, half of them with either sign; the variances are spaced evenly
    from low to high; both in random order, so that no lucky draw decides. The paper gives neither.
    """
    signs = np.resize([1.0, -1.0], dimension)
    true = norm / np.sqrt(dimension) * rng.permutation(signs)
    return true, rng.permutation(np.linspace(low, high, dimension))


def metric_step(estimates: Array, metric: Array, epsilon: float) -> Array:
    """Return the d that is best for the estimates where d'M d <= eps: sqrt(eps / R'M^-1 R) M^-1 R.

    estimates: (..., D); metric: (D,), the diagonal of M, above 0; returns (..., D). Appendix,
    Theorem 3.3.
    """
    scaled = estimates / metric
    length = np.sqrt((estimates * scaled).sum(-1, keepdims=True))
    return np.sqrt(epsilon) * scaled / length


def unaware_step(estimates: Array, epsilon: float) -> Array:
    """Return pi1 - pi0, the best step with squared length eps: M = 1. Definition 3.1."""
    return metric_step(estimates, np.ones(estimates.shape[-1]), epsilon)


def aware_step(estimates: Array, variances: Array, epsilon: float) -> Array:
    """Return pi2 - pi0, where M = diag(variances) and eps~ = min(variances) * eps.

    So the ellipsoid touches the ball of `unaware_step` from inside. Definition 3.2, Theorem 3.3.
    """
    return metric_step(estimates, variances, variances.min() * epsilon)


def gradient_step(estimates: Array, true: Array, variances: Array, epsilon: float) -> Array:
    """Return a step along the estimates, whose squared length is eps on average.

    Without a constraint the estimated reward is linear and unbounded: what is left is one step of
    gradient ascent (Remark 2.3 names the vanilla policy gradient). Our reading.
    """
    return np.sqrt(epsilon / (variances + true**2).sum()) * estimates


def metric_moments(true: Array, variances: Array, metric: Array, epsilon: float) -> Moments:
    """Return mean and deviation of d'r* over estimates for `metric_step`, of many comparable arms.

    The squared length R'M^-1 R is taken at its mean; its own spread is of order 1/sqrt(D) of that.
    true, variances, metric: (D,).
    """
    length = np.sqrt(((variances + true**2) / metric).sum())
    gain = np.sqrt(epsilon) * (true**2 / metric).sum() / length
    spread = np.sqrt(epsilon * (true**2 * variances / metric**2).sum()) / length
    return Moments(float(gain), float(spread))


def unaware_moments(true: Array, variances: Array, epsilon: float) -> Moments:
    """Return mean and deviation of pi1'r* - pi0'r*, as `metric_moments` does."""
    return metric_moments(true, variances, np.ones(len(true)), epsilon)


def aware_moments(true: Array, variances: Array, epsilon: float) -> Moments:
    """Return mean and deviation of pi2'r* - pi0'r*, as `metric_moments` does."""
    return metric_moments(true, variances, variances, variances.min() * epsilon)


def unaware_underperformance(true: Array, variances: Array) -> float:
    """Return P(pi1'r* <= pi0'r*) = Phi(-|r*|^2 / sqrt(r*'S r*)). Appendix, Theorem 3.3."""
    return float(ndtr(-(true**2).sum() / np.sqrt((true**2 * variances).sum())))


def aware_underperformance(true: Array, variances: Array) -> float:
    """Return P(pi2'r* <= pi0'r*) = Phi(-sqrt(r*'S^-1 r*)). Appendix, Theorem 3.3."""
    return float(ndtr(-np.sqrt((true**2 / variances).sum())))


def equal_gain_spread_ratio(true: Array, variances: Array) -> float:
    """Return the ratio of the two returns' deviations, 1 over 2, were epsilon set for equal gain.

    It is sqrt(r*'S r* . r*'S^-1 r*) / |r*|^2, which no choice of epsilon changes, and is
    sqrt(mean variance x mean 1/variance) for an r* without preferred arms.
    """
    product = (true**2 * variances).sum() * (true**2 / variances).sum()
    return float(np.sqrt(product) / (true**2).sum())


def outside_simplex(reference: Array, steps: Array) -> NDArray[np.bool_]:
    """Return whether pi0 + step is no probability vector. steps: (..., D); returns (...)."""
    policies = reference + steps
    sums_to_one = np.isclose(policies.sum(-1), 1.0)
    return (policies < 0).any(-1) | ~sums_to_one
