"""Labelled steps as a table on disk: prompt, steps, labels, split."""

from pathlib import Path

import pandas as pd

from rewardlab.data.steps import Steps
from rewardlab.running.errors import UserError


def steps_of_split(path: Path, split: str) -> list[Steps]:
    """Return the solutions of one split; raises UserError if there are none."""
    table = pd.read_parquet(path)
    table = table[table.split.eq(split)]
    if table.empty:
        raise UserError(f"{path} has no solutions of the split {split} (data.splits).")
    return [
        Steps(
            row.prompt,
            tuple(row.steps),
            tuple(None if label is None or label != label else int(label) for label in row.labels),
        )
        for row in table.itertuples()
    ]
