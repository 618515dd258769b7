"""K linear reward heads, fitted together to cached features of one frozen trunk.

A head gives a pair the margin w'(f_chosen - f_rejected), so only differences of features matter,
and heads need no bias, which no comparison identifies.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor

from rewardlab.rewards.losses import bradley_terry_loss
from rewardlab.settings.rewards import BootstrapHeadsSettings, PaperHeadsSettings


class Heads(NamedTuple):
    """Fitted heads: weights (K, H), and the training loss of each head by step (T, K)."""

    weights: Tensor
    losses: Tensor


def fit_paper_heads(
    differences: Tensor, heads: int, settings: PaperHeadsSettings, seed: int
) -> Heads:
    """Return heads trained by AdamW on the sum of their losses, each on its own order of pairs.

    differences: (n, H) features of chosen minus rejected. Section 4 of the uncertainty paper; with
    a summed loss and an optimiser that works by element, the heads do not influence one another.
    """
    generator = torch.Generator().manual_seed(seed)
    count, width = differences.shape
    initial = torch.randn(heads, width, generator=generator) * settings.initial_deviation
    weights = initial.requires_grad_()
    optimiser = torch.optim.AdamW(
        [weights], lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    steps = max(1, round(settings.epochs * count / settings.batch_size))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    orders = data_orders(count, heads, steps, settings.batch_size, generator)
    losses = torch.empty(steps, heads)
    for step in range(steps):
        batch = differences[orders[:, step]]  # (K, B, H)
        margins = torch.einsum("kbh,kh->kb", batch, weights)
        loss = bradley_terry_loss(margins, torch.zeros(())).mean(1)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        schedule.step()
        losses[step] = loss.detach()
    return Heads(weights.detach(), losses)


def data_orders(
    count: int, heads: int, steps: int, batch_size: int, generator: torch.Generator
) -> Tensor:
    """Return the pairs (K, T, B) that each head sees at each step: passes in random order."""
    passes = math.ceil(steps * batch_size / count)
    rows = [
        torch.cat([torch.randperm(count, generator=generator) for _ in range(passes)])
        for _ in range(heads)
    ]
    return torch.stack(rows)[:, : steps * batch_size].reshape(heads, steps, batch_size)


def fit_bootstrap_heads(
    differences: Tensor, heads: int, settings: BootstrapHeadsSettings, seed: int
) -> Heads:
    """Return heads at the minimum of weighted Bradley-Terry loss + |W - W0|^2 / (2 sd^2).

    Each head has bootstrap weights of its own (how often each of n draws with replacement hits a
    pair) and its own prior draw W0 from N(0, sd^2). All are minimised at once by L-BFGS: the
    objective is a sum over heads. differences: (n, H). The losses (2, K) are the mean losses on all
    pairs at W0 and at the end.
    """
    rng = np.random.default_rng(seed)
    rows = differences.double().numpy()
    count, width = rows.shape
    prior = rng.normal(0, settings.prior_deviation, (heads, width))
    weights = rng.multinomial(count, np.full(count, 1 / count), size=heads).T  # (n, K)
    precision = settings.prior_deviation**-2

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        current = flat.reshape(heads, width)
        margins = rows @ current.T
        loss = (weights * np.logaddexp(0, -margins)).sum()
        loss += 0.5 * precision * ((current - prior) ** 2).sum()
        slope = -(weights * expit(-margins)).T @ rows + precision * (current - prior)
        return float(loss), slope.ravel()

    options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-12, "gtol": 1e-6}
    result = minimize(objective, prior.ravel(), jac=True, method="L-BFGS-B", options=options)
    fitted = result.x.reshape(heads, width)
    losses = np.stack([np.logaddexp(0, -rows @ w.T).mean(0) for w in (prior, fitted)])
    return Heads(torch.from_numpy(fitted).float(), torch.from_numpy(losses).float())
