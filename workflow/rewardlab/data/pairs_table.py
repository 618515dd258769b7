"""Preference pairs as a table on disk: prompt, chosen, rejected, split."""

from pathlib import Path

import pandas as pd

from rewardlab.running.errors import UserError

COLUMNS = ("prompt", "chosen", "rejected", "split")


def pairs_of_split(path: Path, split: str) -> pd.DataFrame:
    """Return the pairs of one split, in the file's order.

    Raises UserError if a column is missing, or if no pair is of that split.
    """
    table = pd.read_parquet(path)
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise UserError(f"{path} lacks the columns {', '.join(missing)}.")
    found = table[table.split.eq(split)].reset_index(drop=True)
    if found.empty:
        raise UserError(f"{path} has no pairs of the split {split} (data.splits).")
    return found


def training_pairs(path: Path) -> pd.DataFrame:
    """Return the pairs that reward models are trained on."""
    return pairs_of_split(path, "train")


def both_sides(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each response: id, subset if there is one, side, prompt, response."""
    kept = [name for name in ("id", "subset") if name in pairs]
    sides = [
        pairs[[*kept, "prompt"]].assign(side=side, response=pairs[side])
        for side in ("chosen", "rejected")
    ]
    return pd.concat(sides).sort_values("id", kind="stable").reset_index(drop=True)


def sampled_pairs(responses: pd.DataFrame) -> pd.DataFrame:
    """Return prompt, first and second of every prompt of sampled responses, two to each."""
    wide = responses.pivot(index="prompt_id", columns="response_id", values="response")
    prompts = responses.drop_duplicates("prompt_id").set_index("prompt_id").prompt
    table = pd.DataFrame({"prompt": prompts, "first": wide[0], "second": wide[1]})
    return table.sort_index().reset_index(drop=True)
