"""Reads a benchmark of pairs with subsets, such as RewardBench, from its source.

Rows need subset, prompt, chosen and rejected. A plain prompt becomes a dialogue of one human turn,
the form in which preferences are read. One row for each response: id, subset, side, prompt,
response.
"""

import logging

import pandas as pd

from rewardlab.data.dialogues import as_dialogue
from rewardlab.data.manifest import files_of
from rewardlab.data.pairs_table import both_sides
from rewardlab.data.preferences import read_pairs
from rewardlab.data.rows import read_rows
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Input, Output, main, stage

log = logging.getLogger("rewardlab")


def read_benchmark(rows) -> pd.DataFrame:
    """Return a table of pairs with id and subset; raises UserError with the place of a bad row."""
    table = []
    for number, (location, fields) in enumerate(rows):
        if not isinstance(fields.get("subset"), str):
            raise UserError(f"{location}: the field 'subset' is missing or is no text.")
        (pair,) = read_pairs([(location, fields)])
        table.append(
            (number, fields["subset"], as_dialogue(pair.prompt), pair.chosen, pair.rejected)
        )
    return pd.DataFrame(table, columns=["id", "subset", "prompt", "chosen", "rejected"])


@stage
def read(source: Input, responses: Output) -> None:
    """A benchmark's responses, from the files of its source, which a manifest lists."""
    pairs = read_benchmark(read_rows(files_of(source)))
    log.info("%d pairs of %d subsets", len(pairs), pairs.subset.nunique())
    both_sides(pairs).to_parquet(responses, index=False)


if __name__ == "__main__":
    main(read)
