"""Reads solutions with step labels from their source: prompt, steps, labels and split, a row
each."""

import logging

import pandas as pd

from rewardlab.data.manifest import files_of
from rewardlab.data.preferences import renamed
from rewardlab.data.rows import read_rows
from rewardlab.data.splits import splits_of
from rewardlab.data.steps import Steps, read_steps
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.data import SplitSettings

log = logging.getLogger("rewardlab")


@stage
def read(source: Input, steps: Output, splits: SplitSettings, columns: dict[str, str]) -> None:
    """Solutions from the files of a source; columns: what fields are called there."""
    files = files_of(source)
    table = pd.DataFrame(read_steps(renamed(read_rows(files), columns)), columns=Steps._fields)
    table["split"] = splits_of(table.prompt, splits)
    given = [label for labels in table.labels for label in labels]
    log.info(
        "%d solutions with %d steps from %s; %d steps have no label, and count for nothing",
        len(table),
        len(given),
        ", ".join(map(str, files)),
        given.count(None),
    )
    table.astype({"steps": object, "labels": object}).to_parquet(steps, index=False)


if __name__ == "__main__":
    main(read)
