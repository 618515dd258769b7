"""What a policy is to maximise, of one reward or of several: transformed, then combined."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from rewardlab.rewards.combinations import minimum, reward_sum, sigmoid_and, sigmoid_or
from rewardlab.rewards.transformations import TRANSFORMATIONS

# By the name that a method's `combine` has in the configuration. The sum of LSC-transformed rewards
# is the log-probability of being good on all properties, of which sigmoid_and is the logit.
COMBINATIONS = {
    "sum": reward_sum,
    "sigmoid_and": sigmoid_and,
    "sigmoid_or": sigmoid_or,
    "minimum": minimum,
}


class Utility(NamedTuple):
    """A transformation and a combination by name; weights: one for each reward, or all alike."""

    transform: str = "identity"
    combine: str = "sum"
    weights: tuple[float, ...] | None = None


def utilities(rewards: Sequence[Tensor], references: Sequence[Tensor], utility: Utility) -> Tensor:
    """Return the utilities (...) of responses with P rewards (...), each with its reference.

    references: P, each of which broadcasts to its rewards. Raises ValueError on an unknown name, or
    if there is not a weight for each reward.
    """
    for name, known in ((utility.transform, TRANSFORMATIONS), (utility.combine, COMBINATIONS)):
        if name not in known:
            raise ValueError(f"{name!r} is unknown; expected one of {', '.join(known)}")
    if utility.weights is not None and len(utility.weights) != len(rewards):
        raise ValueError(f"{len(utility.weights)} weights for {len(rewards)} rewards")
    transform = TRANSFORMATIONS[utility.transform]
    pairs = zip(rewards, references, strict=True)
    transformed = torch.stack([transform(*pair) for pair in pairs], dim=-1)
    if utility.weights is None:
        return COMBINATIONS[utility.combine](transformed)
    weights = torch.tensor(utility.weights, dtype=transformed.dtype, device=transformed.device)
    return COMBINATIONS[utility.combine](transformed, weights)
