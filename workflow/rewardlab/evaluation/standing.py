"""How responses stand among samples of the base model to the same prompt: pure functions of arrays.

Ranks are taken within a prompt, whose offset a Bradley-Terry model does not identify: a raw reward
of one prompt says nothing beside that of another. Ties count half.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def beaten(values: Array, base: Array) -> Array:
    """Return the share (n, M) of a prompt's base samples (n, N) below each of its values (n, M).

    It is a response's percentile, and its win rate against the base model.
    """
    found = np.empty(values.shape)
    for row, (own, others) in enumerate(zip(values, np.sort(base, axis=-1), strict=True)):
        sides = (np.searchsorted(others, own, side) for side in ("left", "right"))
        found[row] = sum(sides) / (2 * len(others))
    return found


def beaten_on_all(values: Array, base: Array) -> Array:
    """Return how often responses beat the base's samples on all of P rewards at once, (n, M).

    values: (P, n, M); base: (P, n, N). A tie on one reward is half a win on it.
    """
    found = np.empty(values.shape[1:])
    for row in range(values.shape[1]):
        wins = np.ones((values.shape[2], base.shape[2]), np.float32)
        for own, others in zip(values[:, row], base[:, row], strict=True):
            above, equal = own[:, None] > others, own[:, None] == others
            wins *= above + np.float32(0.5) * equal
        found[row] = wins.mean(-1)
    return found


# Scorers: the reward models that a policy was trained on, or the truth.
MODEL, GOLD = "model", "gold"
LOW = (10, 25, 50)  # percentiles of the base model under which mass is counted


class Base(NamedTuple):
    """The base's samples by one scorer: rewards (P, n, N), and LOW percentiles of `all` (n, 1)."""

    rewards: Array
    limits: dict[int, Array]


def base_of(rewards: Array) -> Base:
    """Return what responses are held to; rewards: (P, n, N), of the base's samples."""
    own = _on_all(rewards, rewards)
    return Base(rewards, {low: np.percentile(own, low, axis=-1, keepdims=True) for low in LOW})


def _on_all(rewards: Array, base: Array) -> Array:
    return beaten(rewards[0], base[0]) if len(base) == 1 else beaten_on_all(rewards, base)


def standings(rewards: Array, base: Base, scorer: str, names: Sequence[str]) -> dict[str, Array]:
    """Return what responses are worth by one scorer, as (n, M) by name.

    rewards: (P, n, M), on P properties by name.
    win_<scorer>_<name>: the share beaten; win_<scorer>_all: on all properties at once;
    reward_<scorer>: the sum of rewards as they are; below_<scorer>_<percent>: whether `all` is
    under that percentile of the base's own.
    """
    found = {"reward_" + scorer: rewards.sum(0)}
    for name, own, others in zip(names, rewards, base.rewards, strict=True):
        found[f"win_{scorer}_{name}"] = beaten(own, others)
    every = found[f"win_{scorer}_all"] = _on_all(rewards, base.rewards)
    for percent, limit in base.limits.items():
        found[f"below_{scorer}_{percent}"] = (every < limit).astype(float)
    return found
