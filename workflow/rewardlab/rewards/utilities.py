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

    references: P tensors, each of which broadcasts to its rewards. Raises ValueError on an unknown
    name, or if there is not a reference, or a weight above 0, for each reward.
    """
    for name, known in ((utility.transform, TRANSFORMATIONS), (utility.combine, COMBINATIONS)):
        if name not in known:
            raise ValueError(f"{name!r} is unknown; expected one of {', '.join(known)}")
    if not len(rewards) or len(references) != len(rewards):
        raise ValueError(f"{len(references)} references for {len(rewards)} rewards")
    weights = utility.weights
    if weights is not None and (len(weights) != len(rewards) or utility.combine == "minimum"):
        raise ValueError(f"{len(weights)} weights for {utility.combine} of {len(rewards)} rewards")
    if weights is not None and not min(weights) > 0:
        raise ValueError(f"weights have to be above 0, not {min(weights)}")
    transform = TRANSFORMATIONS[utility.transform]
    pairs = zip(rewards, references, strict=True)
    transformed = torch.stack([transform(*pair) for pair in pairs], dim=-1)
    if weights is None:
        return COMBINATIONS[utility.combine](transformed)
    scales = torch.tensor(weights, dtype=transformed.dtype, device=transformed.device)
    return COMBINATIONS[utility.combine](transformed, scales)
