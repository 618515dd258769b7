"""The search for the KL coefficient at which a method ends at a target divergence.

The divergence falls as the coefficient grows. It is measured on few pilot policies, with the same
seeds at every coefficient, so that the differences between coefficients are less noisy than the
values.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

STEP = 2.0  # factor between coefficients until the target is bracketed


class Trial(NamedTuple):
    """A coefficient that was tried: the mean KL of its pilots, and its standard error."""

    beta: float
    kl: float
    error: float


class NotReached(Exception):
    """No coefficient was found within the rounds."""


def next_beta(trials: Sequence[Trial], target: float, first: float) -> float:
    """Return the coefficient to try next.

    Outwards by a factor while all trials lie on one side of the target; then between the nearest on
    either side, by interpolation of log KL over log beta.
    """
    if not trials:
        return first
    above = [trial for trial in trials if trial.kl > target]
    below = [trial for trial in trials if trial.kl <= target]
    if not below:
        return max(trial.beta for trial in above) * STEP
    if not above:
        return min(trial.beta for trial in below) / STEP
    low, high = max(above), min(below)  # by beta
    if low.beta >= high.beta:  # noise turned two around: try between them
        return float(np.sqrt(low.beta * high.beta))
    ends = np.log([max(low.kl, 1e-6), max(high.kl, 1e-6)])
    share = (ends[0] - np.log(target)) / (ends[0] - ends[1])
    share = float(np.clip(share, 0.1, 0.9))
    return float(low.beta ** (1 - share) * high.beta**share)


def find_beta(
    kl_at: Callable[[float], np.ndarray],
    target: float,
    tolerance: float,
    first: float,
    rounds: int,
) -> tuple[Trial, list[Trial]]:
    """Return the trial that came within the tolerance, and all trials in order.

    kl_at: pilots' divergences at a coefficient. Raises NotReached if none does; it says how near
    the best one came.
    """
    trials: list[Trial] = []
    for _ in range(rounds):
        beta = next_beta(trials, target, first)
        found = kl_at(beta)
        trials.append(
            Trial(beta, float(found.mean()), float(found.std(ddof=1) / len(found) ** 0.5))
        )
        if abs(trials[-1].kl - target) <= tolerance:
            return trials[-1], trials
    best = min(trials, key=lambda trial: abs(trial.kl - target))
    raise NotReached(
        f"after {rounds} coefficients the nearest KL divergence to {target:g} is {best.kl:.3f}, at "
        f"{best.beta:.4g}"
    )
