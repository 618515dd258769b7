"""Reference rewards: what to subtract from a reward so that it becomes a logit.

R(x, y) - r_q(x), with r_q(x) the q-th quantile of the base model's rewards on the prompt, is the
logit of the probability that y is preferred to a response at that quantile. Reward Model
Aggregation, Theorem 3.1, eq. (6). Pure functions of arrays.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, ndtri

Array = NDArray[np.float64]


def sample_quantile(rewards: Array, quantile: float) -> Array:
    """Return the sample quantile (...) of rewards (..., M), M samples of the base model."""
    return np.quantile(rewards, quantile, axis=-1)


def gaussian_quantile(rewards: Array, quantile: float) -> Array:
    """Return the quantile (...) that rewards (..., M) have if they are Gaussian.

    mean + 1.036 standard deviations at 0.85, as code in the wild approximates it.
    """
    return rewards.mean(-1) + ndtri(quantile) * rewards.std(-1, ddof=1)


class QuantileHead(NamedTuple):
    """A linear layer from features (H,) of a prompt to a quantile of its rewards."""

    weights: Array
    bias: float

    def __call__(self, features: Array) -> Array:
        """Return the predicted quantiles (n,) of prompts with features (n, H)."""
        return features @ self.weights + self.bias


def fit_quantile_head(
    features: Array,
    rewards: Array,
    quantile: float,
    penalty: float = 1e-3,
    smoothing: float = 0.02,
) -> QuantileHead:
    """Return the head that minimises the pinball loss on samples of many prompts.

    features: (n, H) of n prompts; rewards: (n, M), samples of each. The loss's kink is rounded off
    over `smoothing` standard deviations of the rewards, which makes it smooth; penalty: of the
    squared weights of standardised features.
    """
    centre, scale = features.mean(0), features.std(0)
    inputs = (features - centre) / np.where(scale > 0, scale, 1.0)
    spread = rewards.std() or 1.0
    targets = (rewards - rewards.mean()) / spread
    start = np.zeros(inputs.shape[1] + 1)
    start[-1] = np.quantile(targets, quantile)

    def loss_and_gradient(parameters: Array) -> tuple[float, Array]:
        weights = parameters[:-1]
        error = targets - (inputs @ weights + parameters[-1])[:, None]
        loss = quantile * error + smoothing * np.logaddexp(0, -error / smoothing)
        slope = -(quantile - expit(-error / smoothing)).mean(1) / len(error)
        gradient = np.append(inputs.T @ slope + 2 * penalty * weights, slope.sum())
        return loss.mean() + penalty * weights @ weights, gradient

    found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B").x
    weights = spread * found[:-1] / np.where(scale > 0, scale, 1.0)
    bias = rewards.mean() + spread * found[-1] - centre @ weights
    return QuantileHead(weights, float(bias))
