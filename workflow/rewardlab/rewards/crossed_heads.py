"""Heads that differ in one thing at a time: their beginning, the order of the data, the data.

Levels of each are drawn once and combined in every way, so that the heads' variance can be split by
`variance_components`.
"""

import numpy as np
import torch
from torch import Tensor

from rewardlab.rewards.heads import data_orders, minimum, train_heads
from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.rewards import EnsembleSettings

INITIAL, ORDER, DATA = "initial head", "order of data", "resampled data"
FACTORS = {"paper": (INITIAL, ORDER, DATA), "bootstrap": (INITIAL, DATA)}


def crossed_heads(
    differences: Tensor, settings: EnsembleSettings, levels: int, pairs: int | None, seed: int
) -> Tensor:
    """Return the weights (L, ..., L, H) of heads by the factors of their kind, in their order.

    differences: (n, H) features of chosen minus rejected; levels: L of each factor; pairs: that
    are drawn of them, with replacement, as the data of a level; none: n. The beginning of a
    bootstrap head is its prior draw; it is fitted to convergence, so that no order counts. Raises
    UserError if there are fewer pairs.
    """
    factors = FACTORS[settings.kind]
    count, width = differences.shape
    size = pairs or count
    if size > count:
        raise UserError(
            f"causes.pairs names {pairs} pairs, but there are {count} to fit heads to; expected at "
            "most so many, or null for all."
        )
    rng = np.random.default_rng(derive_seed(seed, DATA))
    resamples = rng.integers(count, size=(levels, size))
    generator = torch.Generator().manual_seed(derive_seed(seed, INITIAL))
    initial = torch.randn(levels, width, generator=generator)
    shape = (*[levels] * len(factors), width)
    if settings.kind == "paper":
        generator = torch.Generator().manual_seed(derive_seed(seed, ORDER))
        orders = data_orders(size, levels, settings.paper, generator)
        first, second, third = np.indices(shape[:-1]).reshape(3, -1)
        seen = torch.from_numpy(resamples)[third[:, None, None], orders[second]]
        starts = initial[first] * settings.paper.initial_deviation
        return train_heads(differences, starts, seen, settings.paper).weights.view(shape)
    rows = differences.double().numpy()
    deviation = settings.bootstrap.prior_deviation
    found = []
    for prior in deviation * initial.double().numpy():
        for drawn in resamples:
            chosen, weights = np.unique(drawn, return_counts=True)
            found.append(minimum(rows[chosen], weights, prior, deviation**-2))
    return torch.from_numpy(np.stack(found)).float().view(shape)
