"""Reads a preference set from its source: prompt, chosen, rejected and split, one row a pair."""

import logging

import pandas as pd

from rewardlab.data.preferences import Pair, read_pairs
from rewardlab.data.rows import read_rows
from rewardlab.data.sources import resolve
from rewardlab.data.splits import splits_of
from rewardlab.running.stage import Output, main, stage
from rewardlab.settings.data import SourceSettings, SplitSettings

log = logging.getLogger("rewardlab")


@stage
def read_preferences(
    preferences: Output, settings: SourceSettings, splits: SplitSettings, key: str
) -> None:
    """A preference set from its source; key: where that stands in the config."""
    files = resolve(settings, "dataset", key)
    table = pd.DataFrame(read_pairs(read_rows(files)), columns=Pair._fields)
    table["split"] = splits_of(table.prompt, splits)
    log.info("%d pairs from %s", len(table), ", ".join(map(str, files)))
    table.to_parquet(preferences, index=False)


if __name__ == "__main__":
    main(read_preferences)
