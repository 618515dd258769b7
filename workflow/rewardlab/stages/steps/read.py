"""Reads solutions with step labels from their source: prompt, steps, labels and split, a row
each."""

import logging
from collections.abc import Sequence

import pandas as pd

from rewardlab.data.manifest import files_of
from rewardlab.data.preferences import renamed
from rewardlab.data.rows import read_rows
from rewardlab.data.splits import splits_of
from rewardlab.data.steps import Steps, read_steps
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.data import SplitSettings

log = logging.getLogger("rewardlab")


def any_known(labels: Sequence[int | None]) -> bool:
    """Return whether any step has a label: of the steps before one that is rated none has."""
    return any(label is not None for label in labels)


@stage
def read(source: Input, steps: Output, splits: SplitSettings, columns: dict[str, str]) -> None:
    """Solutions from the files of a source; columns: what fields are called there."""
    files = files_of(source)
    table = pd.DataFrame(read_steps(renamed(read_rows(files), columns)), columns=Steps._fields)
    table["split"] = splits_of(table.prompt, splits)
    rated = table.labels.map(lambda labels: labels if any_known(labels[:-1]) else labels[-1:])
    missing = sum(label is None for labels in rated for label in labels)
    log.info(
        "%d solutions with %d labelled steps from %s; %d steps that should have a label have none, "
        "and count for nothing",
        len(table),
        sum(label is not None for labels in table.labels for label in labels),
        ", ".join(map(str, files)),
        missing,
    )
    table.astype({"steps": object, "labels": object}).to_parquet(steps, index=False)


if __name__ == "__main__":
    main(read)
