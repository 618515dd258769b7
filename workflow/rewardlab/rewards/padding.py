"""Token rows side by side, filled up on the right."""

from collections.abc import Sequence

import torch
from torch import Tensor


def padded_right(rows: Sequence[list[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Return rows filled up to the longest, and the mask of their tokens, (B, T) each."""
    width = max(map(len, rows))
    tokens = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return tokens, (torch.arange(width) < lengths[:, None]).long()
