"""What a penalty that is weighted by sigma does to policies' returns: bandits and closed forms.

A head's reward of an arm is the true one plus an independent Gaussian error with the arm's standard
deviation sigma. Policies are PPO's fixed points against one head, with weights sigma^p.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from rewardlab.policies.reweighting import fixed_point

Array = NDArray[np.float64]


def small_divergence_ratio(deviations: Array, signal: float, exponent: float) -> float:
    """Return the variance of vanilla policies' return over that of weighted ones, for small KL.

    At equal divergence, for a uniform reference, true rewards of standard deviation `signal` that
    are unrelated to the known deviations (A,), and independent errors. To first order in the
    rewards over beta the return's error is E[v sigma e r] / beta and twice the divergence
    E[v^2 (signal^2 + sigma^2)] / beta^2, with v = sigma^-p and e standard normal; so the variance
    at equal divergence goes as E[v^2 sigma^2] / E[v^2 (signal^2 + sigma^2)]. That holds where many
    arms count: not where a few small sigma outweigh all others.
    """

    def relative_variance(power: float) -> float:
        weights = deviations ** (-2.0 * power)
        noise = (weights * deviations**2).mean()
        return float(noise / (signal**2 * weights.mean() + noise))

    return relative_variance(0.0) / relative_variance(exponent)


def deviations_of(noise: float, heterogeneity: float, shape: tuple, rng) -> Array:
    """Return lognormal deviations with this mean and this coefficient of variation."""
    spread = np.sqrt(np.log1p(heterogeneity**2))
    return noise * np.exp(spread * rng.standard_normal(shape) - spread**2 / 2)


def returns_at(rewards: Array, weights: Array, true: Array, divergence: float) -> Array:
    """Return what policies gain (W, D) that spend `divergence` on average, by one coefficient.

    rewards: a head's, (W, D, A): in W worlds with D draws each; weights: the same shape, or
    (W, 1, A); true: rewards (W, 1, A). Gains are over the mean true reward.
    """
    weights = np.broadcast_to(weights, rewards.shape)

    def excess(log_beta: float) -> float:
        return float(fixed_point(rewards, weights, np.exp(log_beta)).kl.mean()) - divergence

    middle = np.log(rewards.std() / weights.mean() / np.sqrt(2 * divergence))
    log_beta = brentq(excess, middle - 5.0, middle + 5.0, xtol=1e-4)
    found = fixed_point(rewards, weights, np.exp(log_beta))
    return (found.probabilities * true).sum(-1) - true.mean(-1)
