"""PPO as TRL 0.11.4 has it: pure functions of tensors.

The uncertainty paper names TRL (von Werra et al., 2020) without a version; that it was this one,
the last with such a PPO, is our reading.

All tensors are (B, T): B responses, their tokens in T columns, and a mask that is 1 on tokens of
the response (its end token included) and 0 behind it. tests/parity holds them to TRL's numbers.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Losses(NamedTuple):
    """The losses of one minibatch, and the mean probability ratio."""

    policy: Tensor
    value: Tensor
    ratio: Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over the tokens under the mask."""
    return (values * mask).sum() / mask.sum()


def whitened(values: Tensor, mask: Tensor) -> Tensor:
    """Return values with mean 0 and unbiased variance 1 over the tokens under the mask."""
    centred = values - masked_mean(values, mask)
    count = mask.sum()
    variance = masked_mean(centred**2, mask) * count / (count - 1)
    return centred * torch.rsqrt(variance + 1e-8)


def penalised_rewards(
    scores: Tensor, logprobs: Tensor, reference: Tensor, coefficients: Tensor, mask: Tensor
) -> Tensor:
    """Return each token's reward: its penalised KL divergence, and the score at the last token.

    scores: (B,); logprobs, reference: of the policy and of the reference model; coefficients: (B,),
    the KL coefficient of each response (the uncertainty paper, section 5: beta times sigma).
    """
    rewards = -coefficients[:, None] * (logprobs - reference) * mask
    last = mask.long().sum(1, keepdim=True) - 1
    return rewards.scatter_add(1, last, scores[:, None])


def advantages_and_returns(
    values: Tensor, rewards: Tensor, mask: Tensor, gamma: float, gae_lambda: float
) -> tuple[Tensor, Tensor]:
    """Return whitened advantages and the returns that values are fitted to.

    Generalised advantage estimation, backwards; behind the last token values and rewards are 0.
    """
    values, rewards = values * mask, rewards * mask
    following = torch.zeros_like(values[:, 0])
    advantage = torch.zeros_like(following)
    backwards = []
    for step in reversed(range(values.shape[1])):
        delta = rewards[:, step] + gamma * following - values[:, step]
        advantage = delta + gamma * gae_lambda * advantage
        backwards.append(advantage)
        following = values[:, step]
    advantages = torch.stack(backwards[::-1], 1)
    return whitened(advantages, mask), advantages + values


def ppo_losses(
    logprobs: Tensor,
    values: Tensor,
    old_logprobs: Tensor,
    old_values: Tensor,
    advantages: Tensor,
    returns: Tensor,
    mask: Tensor,
    clip_range: float,
    clip_range_value: float,
) -> Losses:
    """Return the clipped policy loss and the clipped value loss of a minibatch."""
    ratio = torch.exp(logprobs - old_logprobs)
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
    policy = masked_mean(torch.maximum(-advantages * ratio, -advantages * clipped), mask)
    near = torch.clamp(values, old_values - clip_range_value, old_values + clip_range_value)
    errors = torch.maximum((values - returns) ** 2, (near - returns) ** 2)
    return Losses(policy, 0.5 * masked_mean(errors, mask), masked_mean(ratio, mask))


def sequence_kl(logprobs: Tensor, reference: Tensor, mask: Tensor) -> Tensor:
    """Return the log ratio of each response, (B,): its mean estimates the KL divergence."""
    return ((logprobs - reference) * mask).sum(1)
