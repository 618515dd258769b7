"""The search for the KL coefficient at which a method ends at a target divergence.

The divergence falls as the coefficient grows. It is measured on pilot policies against a few
ensembles, with the same seeds at every coefficient, so that the differences between coefficients
are less noisy than the values.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

STEP = 4.0  # factor between coefficients at most, until the target is bracketed
NEAR = 1.6  # and between those that are interpolated between
FALL = 0.8  # how steeply ln KL falls in ln beta, until two trials tell
BEYOND = 1.1  # how far beyond the target the next trial aims, so as to come out on its other side


class Trial(NamedTuple):
    """A coefficient that was tried: the mean KL of its pilots, and its standard error."""

    beta: float
    kl: float
    error: float


class NotReached(Exception):
    """No coefficient was found within the rounds."""


def next_beta(trials: Sequence[Trial], target: float, first: float) -> float:
    """Return the coefficient to try next.

    While all trials lie on one side of the target: a little beyond where the line through the two
    nearest, in ln KL and ln beta, meets it. Then between the nearest on either side.
    """
    if not trials:
        return first
    above = [trial for trial in trials if trial.kl > target]
    below = [trial for trial in trials if trial.kl <= target]
    if not below:
        return _beyond(sorted(above, reverse=True), target / BEYOND)
    if not above:
        return _beyond(sorted(below), target * BEYOND)
    low, high = max(above), min(below)  # by beta
    if low.beta >= high.beta:  # noise turned two around: try between them
        return float(np.sqrt(low.beta * high.beta))
    ends = np.log([max(low.kl, 1e-6), max(high.kl, 1e-6)])
    share = (ends[0] - np.log(target)) / (ends[0] - ends[1])
    share = float(np.clip(share, 0.1, 0.9))
    return float(low.beta ** (1 - share) * high.beta**share)


def _beyond(trials: Sequence[Trial], aim: float) -> float:
    """Return where trials on one side of the target, the nearest first, would come to the aim."""
    nearest = trials[0]
    kl = np.log([max(trial.kl, 1e-6) for trial in trials[:2]])
    fall = FALL
    if len(trials) > 1:
        fall = float((kl[0] - kl[1]) / np.log(trials[1].beta / nearest.beta))
    fall = float(np.clip(fall, 0.5, 3.0))  # noise may turn two around
    factor = np.exp((kl[0] - np.log(aim)) / fall)
    return float(nearest.beta * np.clip(factor, 1 / STEP, STEP))


def interpolated(trials: Sequence[Trial], target: float) -> Trial | None:
    """Return the coefficient between two trials at which ln KL is that of the target, if any.

    Linear in ln beta. The trials are the nearest on either side, and none unless they are within
    the factor NEAR of each other. The error is that of the nearer trial.
    """
    above = [trial for trial in trials if trial.kl > target]
    below = [trial for trial in trials if trial.kl <= target]
    if not above or not below:
        return None
    low, high = max(above), min(below)  # by beta
    if not low.beta < high.beta <= NEAR * low.beta:
        return None
    share = np.log(low.kl / target) / np.log(low.kl / high.kl)
    nearer = low if share < 0.5 else high
    return Trial(float(low.beta ** (1 - share) * high.beta**share), target, nearer.error)


def find_beta(
    kl_at: Callable[[float], np.ndarray],
    target: float,
    tolerance: float,
    first: float,
    rounds: int,
) -> tuple[Trial, list[Trial]]:
    """Return the coefficient that reaches the target, and all trials in order.

    kl_at: pilots' divergences (ensembles, pilots) at a coefficient; a single row is taken for
    pilots without ensembles. A trial within the tolerance is taken as it is; else the search goes
    on until trials on either side are near enough to interpolate between. Raises NotReached if that
    does not come about; it says how near the best one came.
    """
    trials: list[Trial] = []
    for _ in range(rounds):
        beta = next_beta(trials, target, first)
        trials.append(Trial(beta, *_mean_and_error(kl_at(beta))))
        if abs(trials[-1].kl - target) <= tolerance:
            return trials[-1], trials
        if found := interpolated(trials, target):
            return found, trials
    best = min(trials, key=lambda trial: abs(trial.kl - target))
    raise NotReached(
        f"after {rounds} coefficients the nearest KL divergence to {target:g} is {best.kl:.3f}, at "
        f"{best.beta:.4g}"
    )


def _mean_and_error(divergences: np.ndarray) -> tuple[float, float]:
    """Return the mean of pilots' divergences, and its standard error over ensembles."""
    units = divergences.mean(1) if len(divergences) > 1 else divergences[0]
    return float(units.mean()), float(units.std(ddof=1) / len(units) ** 0.5)
