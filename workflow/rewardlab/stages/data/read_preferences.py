"""Reads a preference set from its source: prompt, chosen, rejected and split, one row a pair."""

import logging

import pandas as pd

from rewardlab.data.manifest import files_of
from rewardlab.data.preferences import Pair, read_pairs
from rewardlab.data.rows import read_rows
from rewardlab.data.splits import splits_of
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.data import SplitSettings

log = logging.getLogger("rewardlab")


@stage
def read_preferences(source: Input, preferences: Output, splits: SplitSettings) -> None:
    """A preference set from the files of its source, which a manifest lists."""
    files = files_of(source)
    table = pd.DataFrame(read_pairs(read_rows(files)), columns=Pair._fields)
    table["split"] = splits_of(table.prompt, splits)
    ties = table.chosen.eq(table.rejected).sum()
    empty = sum(table[side].str.strip().eq("").sum() for side in ("chosen", "rejected"))
    log.info(
        "%d pairs from %s; %d are ties, and %d responses are empty",
        len(table),
        ", ".join(map(str, files)),
        ties,
        empty,
    )
    table.to_parquet(preferences, index=False)


if __name__ == "__main__":
    main(read_preferences)
