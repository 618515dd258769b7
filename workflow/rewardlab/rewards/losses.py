"""Losses on rewards of preferred and rejected responses: pure functions of tensors."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def bradley_terry_loss(chosen: Tensor, rejected: Tensor, margin: Tensor | float = 0.0) -> Tensor:
    """Return -ln sigmoid(chosen - rejected - margin): log(1 + e^(rejected - chosen + margin)).

    chosen, rejected: rewards; margin: by how much they should differ (Llama 2); all broadcastable.
    Stable for differences of any size. RLHF book, Reward Modeling, first form of the loss and
    preference margin loss.
    """
    return softplus(rejected - chosen + margin)


def comparisons_loss(ranked: Tensor, present: Tensor) -> Tensor:
    """Return the mean Bradley-Terry loss of all C(K, 2) comparisons in each of B rankings, (B,).

    ranked: rewards (B, K), from the best response to the worst, filled up to the largest K;
    present: (B, K), False where there is none. Each ranking weighs the same, whatever its K.
    InstructGPT; RLHF book, balancing multiple comparisons per prompt, which prints 1/(K/2).
    """
    size = ranked.shape[1]
    first, second = torch.triu_indices(size, size, offset=1, device=ranked.device)
    counted = (present[:, first] & present[:, second]).to(ranked.dtype)
    losses = bradley_terry_loss(ranked[:, first], ranked[:, second])
    return (losses * counted).sum(1) / counted.sum(1)


def plackett_luce_loss(ranked: Tensor, present: Tensor) -> Tensor:
    """Return -ln P of each of B rankings by Plackett and Luce, (B,).

    ranked, present: as in `comparisons_loss`. P is the product over places of the softmax of the
    response at that place among those from there on. With K = 2 it is the Bradley-Terry loss.
    RLHF book, K-wise loss function.
    """
    rewards = ranked.masked_fill(~present, -torch.inf)
    from_there = rewards.flip(1).logcumsumexp(1).flip(1)
    return torch.where(present, from_there - ranked, 0.0).sum(1)


def smoothed(losses: Tensor, window: int) -> Tensor:
    """Return the mean of the last `window` losses at each step, of fewer at the beginning.

    losses: (T, ...); returns the same shape.
    """
    total = torch.cat([torch.zeros_like(losses[:1]), losses.double()]).cumsum(0)
    ends = torch.arange(1, len(losses) + 1)
    starts = (ends - window).clamp(min=0)
    counts = (ends - starts).reshape(-1, *[1] * (losses.dim() - 1))
    return ((total[ends] - total[starts]) / counts).to(losses.dtype)


def first_at_or_below(losses: Tensor, window: int, level: float) -> int | None:
    """Return the first step (from 0) at which a full window's mean loss is at most `level`."""
    below = smoothed(losses, window) <= level
    below[: window - 1] = False
    return int(below.int().argmax()) if below.any() else None
