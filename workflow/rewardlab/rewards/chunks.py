"""Rows of tensors for many texts, computed in batches of like length, and kept while they grow.

A pass over the texts is cut into parts that are saved as they are done, each in a file of its own
that appears whole or not at all: after a kill, at most one part is computed again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress


def rows_in_parts(
    compute: Callable[[Sequence[list[int]]], Tensor],
    texts: Sequence[list[int]],
    batch_size: int,
    part_size: int,
    state: Path,
    what: str,
) -> Tensor:
    """Return compute's rows (n, …) of all texts (token ids), in the order of the texts.

    Texts go through `compute` in order of length, `batch_size` at a time. state: a folder that
    belongs to this very computation; parts found there are not computed again. Raises UserError
    naming the text if a row is not finite.
    """
    state.mkdir(parents=True, exist_ok=True)
    order = sorted(range(len(texts)), key=lambda index: (len(texts[index]), index))
    parts = {
        state / f"part-{number:06d}.safetensors": order[start : start + part_size]
        for number, start in enumerate(range(0, len(order), part_size))
    }
    batches = [
        (file, indices[start : start + batch_size], start + batch_size >= len(indices))
        for file, indices in parts.items()
        if not file.exists()
        for start in range(0, len(indices), batch_size)
    ]
    done: list[Tensor] = []
    for file, batch, is_last in progress(batches, what, len(batches)):
        done.append(compute([texts[index] for index in batch]))
        _check_finite(done[-1], batch)
        if is_last:
            with published(file) as partial:
                save_file({"rows": torch.cat(done).contiguous()}, partial)
            done = []
    rows = [load_file(file)["rows"] for file in parts]
    together = torch.cat(rows)
    result = torch.empty_like(together)
    result[torch.tensor(order)] = together
    return result


def _check_finite(rows: Tensor, indices: Sequence[int]) -> None:
    bad = ~rows.flatten(1).isfinite().all(1)
    if bad.any():
        index = indices[int(bad.int().argmax())]
        raise UserError(f"text {index} (counted from 0) has a value that is not finite.")
