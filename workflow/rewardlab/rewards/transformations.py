"""Transformations of one reward: pure functions of tensors.

Each takes rewards (...) and the reference's reward of the same prompt, which broadcasts to them,
and gives utilities (...). All are increasing in the reward, so that within a prompt none changes
the order of responses; what changes is how much a unit of reward is worth. They have finite
gradients for rewards of any size.
"""

from torch import Tensor
from torch.nn.functional import logsigmoid


def identity(rewards: Tensor, reference: Tensor) -> Tensor:
    """Return the rewards as they are."""
    return rewards


def centred(rewards: Tensor, reference: Tensor) -> Tensor:
    """Return rewards less the reference: as code in the wild does, without the sigmoid.

    That is a constant of the prompt, and changes no optimum under a KL penalty.
    """
    return rewards - reference


def log_sigmoid(rewards: Tensor, reference: Tensor) -> Tensor:
    """Return ln sigmoid(r), without centring: where it bends is left to the model's offset."""
    return logsigmoid(rewards)


def log_sigmoid_centred(rewards: Tensor, reference: Tensor) -> Tensor:
    """Return ln sigmoid(r - r_ref), the LSC-transformation.

    By a Bradley-Terry model it is the log-probability of being preferred to a response whose reward
    is the reference. Transforming and Combining Rewards, arXiv 2402.00742.
    """
    return logsigmoid(rewards - reference)


# By the name that a method's `transform` has in the configuration.
TRANSFORMATIONS = {
    "identity": identity,
    "centred": centred,
    "log_sigmoid": log_sigmoid,
    "lsc": log_sigmoid_centred,
}
