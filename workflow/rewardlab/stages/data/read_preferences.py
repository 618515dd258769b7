"""Reads a preference set from its source: prompt, chosen, rejected and split, one row a pair.

Where the data have margins, a column `margin`; where they have rankings, all pairs of each, with
the columns of `rewardlab.data.rankings`.
"""

import logging

import numpy as np
import pandas as pd

from rewardlab.data.labelled import labelled_pairs
from rewardlab.data.manifest import files_of
from rewardlab.data.preferences import Pair, Read, read_comparisons, renamed
from rewardlab.data.rankings import as_pairs
from rewardlab.data.rows import read_rows
from rewardlab.data.splits import splits_of
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.data import LabelsSettings, SplitSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


def table_of(read: Read) -> pd.DataFrame:
    """Return a row a pair, those of rankings last; margins and rankings if there are any."""
    pairs = pd.DataFrame(read.pairs, columns=Pair._fields)
    if not np.isnan(read.margins).all():
        pairs["margin"] = read.margins
    if not read.rankings:
        return pairs
    ranked = as_pairs(read.rankings)
    if pairs.empty:
        return ranked
    return pd.concat([pairs, ranked.astype({"ranking": "Int64"})], ignore_index=True)


@stage
def read_preferences(
    source: Input,
    preferences: Output,
    splits: SplitSettings,
    seed: Seed,
    columns: dict[str, str] | None = None,
    labels: LabelsSettings | None = None,
) -> None:
    """A preference set from the files of its source, which a manifest lists.

    columns: what prompt, chosen, rejected, margin, responses or ranks are called in the data;
    labels: how pairs are made of labelled texts, if that is what the data are.
    """
    files = files_of(source)
    rows = renamed(read_rows(files), columns or {})
    if labels is None:
        read = read_comparisons(rows)
    else:
        pairs = labelled_pairs(rows, labels, seed)
        read = Read(pairs, [np.nan] * len(pairs), [])
    table = table_of(read)
    # Without a prompt a pair is put into a split by its own text.
    keys = table.prompt.where(table.prompt.ne(""), table.chosen + table.rejected)
    table["split"] = splits_of(keys, splits)
    ties = table.chosen.eq(table.rejected).sum()
    empty = sum(table[side].str.strip().eq("").sum() for side in ("chosen", "rejected"))
    log.info(
        "%d pairs from %s, %d rankings among them; %d are ties, and %d responses are empty",
        len(table),
        ", ".join(map(str, files)),
        len(read.rankings),
        ties,
        empty,
    )
    table.to_parquet(preferences, index=False)


if __name__ == "__main__":
    main(read_preferences)
