"""K linear reward heads, fitted together to cached features of one frozen trunk.

A head gives a pair the margin w'(f_chosen - f_rejected), so only differences of features matter,
and heads need no bias, which no comparison identifies.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor

from rewardlab.rewards.losses import bradley_terry_loss
from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.rewards import (
    BootstrapHeadsSettings,
    EnsembleSettings,
    PaperHeadsSettings,
)

NEWTON_STEPS = 100
SMOOTHING = 50  # steps that the loss is averaged over which training stops at


class Heads(NamedTuple):
    """Fitted heads: weights (K, H), and the training loss of each head by step (T, K)."""

    weights: Tensor
    losses: Tensor


def fit_ensemble(
    differences: Tensor, settings: EnsembleSettings, seed: int, trained: Tensor | None = None
) -> Heads:
    """Return the heads of the configured kind, fitted to all pairs or to those that are drawn.

    differences: (n, H) features of chosen minus rejected; trained: (H,), the head of the model that
    the features are of, where heads of the kind `paper` begin with it. Raises UserError if the kind
    is none of heads, if there are fewer pairs than are to be drawn, or if a head is not finite.
    """
    if settings.pairs is not None:
        if settings.pairs > len(differences):
            raise UserError(
                f"an ensemble is to draw {settings.pairs} pairs, but there are {len(differences)}."
            )
        rng = np.random.default_rng(derive_seed(seed, "pairs"))
        differences = differences[rng.permutation(len(differences))[: settings.pairs]]
    if settings.kind == "paper":
        heads = fit_paper_heads(differences, settings.heads, settings.paper, seed, trained)
    elif settings.kind == "bootstrap":
        heads = fit_bootstrap_heads(differences, settings.heads, settings.bootstrap, seed)
    else:
        raise UserError(f"the kind of ensemble is {settings.kind!r}; expected paper or bootstrap.")
    bad = ~heads.weights.isfinite().all(1)
    if bad.any():
        raise UserError(f"head {int(bad.int().argmax())} of the ensemble is not finite.")
    return heads


def fit_paper_heads(
    differences: Tensor,
    heads: int,
    settings: PaperHeadsSettings,
    seed: int,
    trained: Tensor | None = None,
) -> Heads:
    """Return heads trained by AdamW on the sum of their losses, each on its own order of pairs.

    differences: (n, H) features of chosen minus rejected; trained: (H,), which the first one begins
    with if so set. Section 4 of the uncertainty paper; with
    a summed loss and an optimiser that works by element, the heads do not influence one another.
    """
    generator = torch.Generator().manual_seed(seed)
    count, width = differences.shape
    initial = torch.randn(heads, width, generator=generator) * settings.initial_deviation
    if settings.trained_head:
        if trained is None:
            raise UserError(
                "paper.trained_head is true, but these heads stand on no trained model."
            )
        initial[0] = trained
    orders = data_orders(count, heads, settings, generator)
    return train_heads(differences, initial, orders, settings)


def train_heads(
    differences: Tensor, initial: Tensor, orders: Tensor, settings: PaperHeadsSettings
) -> Heads:
    """Return heads that start at `initial` (K, H) and see pairs by step, `orders` (K, T, B)."""
    weights = initial.clone().requires_grad_()
    optimiser = torch.optim.AdamW(
        [weights], lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    heads, steps, _ = orders.shape
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    losses, limit = torch.empty(steps, heads), settings.stop_loss
    for step in range(steps):
        batch = differences[orders[:, step]]  # (K, B, H)
        margins = torch.einsum("kbh,kh->kb", batch, weights)
        loss = bradley_terry_loss(margins, torch.zeros(())).mean(1)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        schedule.step()
        losses[step] = loss.detach()
        if step + 1 >= SMOOTHING and losses[step + 1 - SMOOTHING : step + 1].mean() <= limit:
            losses = losses[: step + 1]
            break
    return Heads(weights.detach(), losses)


def data_orders(
    count: int, heads: int, settings: PaperHeadsSettings, generator: torch.Generator
) -> Tensor:
    """Return the pairs (K, T, B) that each head sees at each step: passes in random order."""
    batch_size = settings.batch_size
    steps = max(1, round(settings.epochs * count / batch_size))
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
    pair) and its own prior draw W0 from N(0, sd^2). differences: (n, H). The losses (2, K) are the
    mean losses on all pairs at W0 and at the end.
    """
    rng = np.random.default_rng(seed)
    rows = differences.double().numpy()
    count, width = rows.shape
    prior = rng.normal(0, settings.prior_deviation, (heads, width))
    weights = rng.multinomial(count, np.full(count, 1 / count), size=heads)  # (K, n)
    precision = settings.prior_deviation**-2
    fitted = np.stack(
        [minimum(rows, *of_head, precision) for of_head in zip(weights, prior, strict=True)]
    )
    losses = np.stack([np.logaddexp(0, -rows @ w.T).mean(0) for w in (prior, fitted)])
    return Heads(torch.from_numpy(fitted).float(), torch.from_numpy(losses).float())


def minimum(rows: np.ndarray, weights: np.ndarray, prior: np.ndarray, precision: float):
    """Return the minimum (H,) of one head's objective, by Newton's method with halved steps.

    The objective is strictly convex, so that a step that is halved often enough lowers it.
    """

    def objective(point: np.ndarray) -> float:
        loss = weights @ np.logaddexp(0, -rows @ point)
        return float(loss + 0.5 * precision * ((point - prior) ** 2).sum())

    point, value = prior, objective(prior)
    for _ in range(NEWTON_STEPS):
        wrong = expit(-rows @ point)
        slope = precision * (point - prior) - (weights * wrong) @ rows
        curvature = (rows * (weights * wrong * (1 - wrong))[:, None]).T @ rows
        curvature[np.diag_indices_from(curvature)] += precision
        step = np.linalg.solve(curvature, slope)
        decrease = slope @ step  # twice what a quadratic objective would fall by
        if decrease <= 1e-12 * max(1.0, abs(value)):
            break
        share = 1.0
        while (lower := objective(point - share * step)) > value - 1e-4 * share * decrease:
            share /= 2
            if share < 1e-8:  # all that is left is rounding, or it is not finite
                return point
        point, value = point - share * step, lower
    return point
