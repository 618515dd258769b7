"""What a policy is rewarded with, given the rewards of an ensemble: pure functions of tensors.

rewards: (B, K), of B responses by K heads, each head centred. A method turns them into scores (B,)
and weights (B,) of the KL penalty: the policy's reward is the score less
beta * weight * ln(policy / reference).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from rewardlab.policies.methods import METHODS, OF_ONE_HEAD


class Proxy(NamedTuple):
    """Scores (B,), and the weights (B,) of their KL penalty."""

    scores: Tensor
    weights: Tensor


def vanilla(rewards: Tensor, head: int) -> Proxy:
    """Return one head's rewards, penalised alike."""
    scores = rewards[:, head]
    return Proxy(scores, torch.ones_like(scores))


def variance_aware(rewards: Tensor, head: int, exponent: float) -> Proxy:
    """Return one head's rewards, penalised in proportion to sigma^exponent.

    sigma is the heads' sample standard deviation. The uncertainty paper has exponent 1 in its PPO
    (section 5) and 2 in its theory (Theorem 3.6).
    """
    return Proxy(rewards[:, head], rewards.std(1) ** exponent)


def lower_bound(rewards: Tensor, head: int, strength: float) -> Proxy:
    """Return one head's rewards less strength * sigma: a lower confidence bound."""
    scores = rewards[:, head] - strength * rewards.std(1)
    return Proxy(scores, torch.ones_like(scores))


def ensemble_mean(rewards: Tensor) -> Proxy:
    """Return the heads' mean rewards."""
    scores = rewards.mean(1)
    return Proxy(scores, torch.ones_like(scores))


def worst_case(rewards: Tensor) -> Proxy:
    """Return the lowest of the heads' rewards (WCO; Coste et al., arXiv 2310.02743)."""
    scores = rewards.amin(1)
    return Proxy(scores, torch.ones_like(scores))


def uncertainty_weighted(rewards: Tensor, strength: float) -> Proxy:
    """Return the mean less strength * variance (UWO; Coste et al., arXiv 2310.02743)."""
    scores = rewards.mean(1) - strength * rewards.var(1)
    return Proxy(scores, torch.ones_like(scores))


def proxy_of(method: str, rewards: Tensor, head: int | None, strength: float) -> Proxy:
    """Return the scores and weights of a method of `METHODS`.

    head: which one, for the methods of one head; strength: of the pessimism of `lower_bound` and
    `uncertainty_weighted`. Raises ValueError on an unknown method, or without the head it needs.
    """
    if method in OF_ONE_HEAD and head is None:
        raise ValueError(f"{method} needs a head")
    if method == "vanilla":
        return vanilla(rewards, head)
    if method in ("aware", "aware_squared"):
        return variance_aware(rewards, head, 1.0 if method == "aware" else 2.0)
    if method == "lower_bound":
        return lower_bound(rewards, head, strength)
    if method == "mean":
        return ensemble_mean(rewards)
    if method == "worst_case":
        return worst_case(rewards)
    if method == "uncertainty_weighted":
        return uncertainty_weighted(rewards, strength)
    raise ValueError(f"{method!r} is not a method; they are {', '.join(METHODS)}")
