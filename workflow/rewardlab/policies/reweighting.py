"""PPO's fixed point without training: samples of the base model, weighted anew.

PPO with a weighted penalty comes to rest where R - b w ln(pi/pi0) is constant over the responses to
a prompt (`weighted_kl`). On N samples of pi0 that is a weight for each sample, and what the policy
would do is a weighted mean over them. Arrays are (..., N); everything in front of N, such as heads
and prompts, is worked on at once.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

# Newton's steps towards the level at which probabilities sum to 1; two or three are enough.
STEPS = 60


class FixedPoint(NamedTuple):
    """A policy on N samples of its base model.

    probabilities: (..., N), which sum to 1; level: (...), the l of pi = pi0 exp((R - l)/(b w));
    kl: (...), nats from the base model; effective: (...), the number of samples that such weights
    are worth.
    """

    probabilities: Array
    level: Array
    kl: Array
    effective: Array


def fixed_point(
    rewards: Array, weights: Array, beta: float, level: Array | None = None
) -> FixedPoint:
    """Return the policy at which R - b w ln(pi/pi0) does not depend on the response.

    rewards: (..., N); weights: the same shape, above 0, or (..., 1) where all are alike; level: a
    guess of the result's, which is exact to the square root of the floats' precision.
    """
    slope = 1 / (float(beta) * weights)  # a float of numpy would make all that follows double
    at = rewards.mean(-1) if level is None else level
    alike = slope.shape[-1] == 1  # then probabilities do not depend on the level
    precision = np.finfo(rewards.dtype).eps ** 0.5
    for _ in range(1 if alike else STEPS):
        ratios = (rewards - at[..., None]) * slope
        top = ratios.max(-1)
        odds = np.exp(ratios - top[..., None])
        total = odds.sum(-1)
        excess = top + np.log(total / rewards.shape[-1])  # ln of the mean of pi/pi0, convex in l
        if (np.abs(excess) < precision).all():
            break
        at = at + (excess / slope[..., 0] if alike else excess * total / _product(odds, slope))
    kl = _product(odds, ratios) / total - excess
    odds /= total[..., None]
    return FixedPoint(odds, at, kl, 1 / _product(odds, odds))


def path(rewards: Array, weights: Array, betas: Sequence[float]) -> Iterator[FixedPoint]:
    """Yield the policies at coefficients in a geometric series, each found from those before."""
    before, level = None, None
    for beta in betas:
        guess = level if before is None else 2 * level - before
        found = fixed_point(rewards, weights, beta, guess)
        before, level = level, found.level
        yield found


def _product(first: Array, second: Array) -> Array:
    return np.einsum("...n,...n->...", first, second)
