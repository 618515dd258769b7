"""Combining the rewards of several properties into one: pure functions of tensors.

Rewards are centred first (see `references`): then each is the logit of the probability of being
good on its property. They have shape (..., P), with the P properties last, and the result has
shape (...). All functions are exact and have finite gradients for rewards of any size; rewards of
half precision are combined in single precision, and rounded at the end.

weights: (P,), positive; a property of weight w counts as w independent properties that are equally
good. Left out: all 1.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def sigmoid_and(rewards: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the logit of the probability that a response is good on every property.

    logit of the product of sigmoid(r_i)^w_i. Reward Model Aggregation, Theorem 2.1, eq. (2).
    """
    log_surprisals = _log_softplus(-_single(rewards))
    if weights is not None:
        log_surprisals = log_surprisals + torch.log(_single(weights))
    # The product is e^-s with s = sum w_i softplus(-r_i), and its odds are 1 / (e^s - 1).
    return -_log_expm1_exp(torch.logsumexp(log_surprisals, dim=-1)).to(rewards.dtype)


def sigmoid_or(rewards: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the logit of the probability that a response is good on at least one property.

    logit of 1 - the product of (1 - sigmoid(r_i))^w_i: bad on every property, negated.
    Reward Model Aggregation, Theorem 2.1, eq. (3).
    """
    return -sigmoid_and(-rewards, weights)


def lsc_sum(rewards: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the sum of w_i ln sigmoid(r_i): the log-probability of being good on every property.

    Best-of-k picks the same response as with `sigmoid_and`, which is increasing in it.
    Transforming and Combining Rewards, arXiv 2402.00742.
    """
    return reward_sum(logsigmoid(_single(rewards)), weights).to(rewards.dtype)


def reward_sum(rewards: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the sum of w_i r_i. References shift it by a constant of the prompt."""
    single = _single(rewards)
    weighted = single if weights is None else single * _single(weights)
    return weighted.sum(-1).to(rewards.dtype)


def minimum(rewards: Tensor) -> Tensor:
    """Return the lowest reward: the property on which the response is worst."""
    return rewards.amin(-1)


def _single(x: Tensor) -> Tensor:
    """Return half precision as single precision, and all else as it is."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _log_softplus(x: Tensor) -> Tensor:
    """Return ln ln(1 + e^x), which is x where e^x is small."""
    far = x < -15  # ln(1 + e^x) = e^x (1 - e^x / 2 + ...): what is left out is below 1e-13
    near = torch.where(far, 0.0, x)
    correction = -0.5 * torch.exp(torch.where(far, x, -15.0))
    return torch.where(far, x + correction, torch.log(-logsigmoid(-near)))


def _log_expm1_exp(x: Tensor) -> Tensor:
    """Return ln(e^s - 1) for s = e^x: x + s/2 where s is small, s where it is large."""
    small = x < -15
    s = torch.exp(torch.where(small, 0.0, x))
    large = s > 1
    at_large = torch.where(large, s, 1.0)
    at_small = torch.where(large, 1.0, s)
    middle = torch.where(
        large, at_large + torch.log(-torch.expm1(-at_large)), torch.log(torch.expm1(at_small))
    )
    return torch.where(small, x + 0.5 * torch.exp(torch.where(small, x, -15.0)), middle)
