"""Coefficients and weights by fixed points on samples of the base model: nothing is trained."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq

from rewardlab.policies.reweighting import FixedPoint, fixed_point
from rewardlab.rewards.utilities import Utility, utilities
from rewardlab.running.errors import UserError

Array = NDArray[np.float64]

SMALLEST = 1e-3  # coefficient, over the values' standard deviation
# Ratios of the second weight to the first, and of each further one, that are tried.
RATIOS = tuple(float(ratio) for ratio in np.geomspace(1 / 8, 8, 19))


def of_samples(rewards: Sequence[Array], references: Sequence[Array], utility: Utility) -> Array:
    """Return the utilities (..., P, N) of samples by their rewards on each property, (..., P, N).

    references: by property, (..., P).
    """
    found = utilities(
        [torch.from_numpy(part) for part in rewards],
        [torch.from_numpy(part)[..., None] for part in references],
        utility,
    )
    return found.numpy()


def tilted(values: Array, beta: float) -> FixedPoint:
    """Return the policies at which values (..., N) less beta ln(pi/pi0) are constant."""
    return fixed_point(values, np.ones_like(values[..., :1]), beta)


def coefficient_at(values: Array, divergence: float) -> float:
    """Return the coefficient at which policies on samples (..., N) spend a divergence on average.

    In nats. Raises UserError if no coefficient does: N samples cannot tell more than ln N.
    """
    scale = values.std(-1).mean()

    def excess(log_beta: float) -> float:
        return float(tilted(values, np.exp(log_beta) * scale).kl.mean()) - divergence

    if divergence >= (largest := largest_divergence(values)):
        raise UserError(
            f"no coefficient has a divergence of {divergence:g} nats on {values.shape[-1]} samples "
            f"to a prompt, whose best ones are {largest:.3g} away; expected a smaller one, or more "
            "samples (transforming.training_samples)."
        )
    return float(np.exp(brentq(excess, *np.log([SMALLEST, 1e3]), xtol=1e-5)) * scale)


def largest_divergence(values: Array) -> float:
    """Return the divergence, on average, of policies on the best of samples (..., N) alone.

    ln N, or less where the best one was drawn several times.
    """
    return float(tilted(values, SMALLEST * values.std(-1).mean()).kl.mean())


def best_weights(
    rewards: Sequence[Array],
    references: Sequence[Array],
    won: Array,
    utility: Utility,
    divergence: float,
) -> tuple[tuple[float, ...], float]:
    """Return the weights whose policies win most often at a divergence, and how often that is.

    won: (..., P, N), how often each sample wins. Weights multiply to 1; each further property's
    ratio to the first is found in turn.
    """
    ratios = [1.0] * len(rewards)
    best = -np.inf
    for at in range(1, len(rewards)):
        tried = {}
        for ratio in RATIOS:
            weights = scaled([*ratios[:at], ratio, *ratios[at + 1 :]])
            values = of_samples(rewards, references, utility._replace(weights=weights))
            policy = tilted(values, coefficient_at(values, divergence))
            tried[ratio] = float((policy.probabilities * won).sum(-1).mean())
        ratios[at] = max(tried, key=tried.get)
        best = tried[ratios[at]]
    return scaled(ratios), best


def scaled(ratios: Sequence[float]) -> tuple[float, ...]:
    """Return weights in these ratios whose product is 1."""
    parts = np.asarray(ratios, float)
    return tuple(float(part) for part in parts / np.exp(np.log(parts).mean()))
