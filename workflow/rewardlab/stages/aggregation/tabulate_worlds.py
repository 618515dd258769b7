"""Puts the same table of several worlds under each other, with a column `world`."""

import pandas as pd

from rewardlab.evaluation.decisions import all_of
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Inputs, Output, main, stage


def verdicts_in_words(table: pd.DataFrame) -> str:
    """Return a sentence for each claim and number of responses: its verdict by world."""
    by_models = table[table.scored_by.eq("rewards")]
    lines = []
    for claim, rows in by_models.groupby("id"):
        verdicts = rows.groupby(["k", "world"], sort=False).verdict.agg(
            lambda found: all_of(list(found))
        )
        by_k = [
            f"k = {k}: "
            + ", ".join(f"{count} {name}" for name, count in part.value_counts().items())
            for k, part in verdicts.groupby("k")
        ]
        lines.append(f"{claim}, in {rows.world.nunique()} worlds, {'; '.join(by_k)}.")
    return "\n\n".join(lines) + "\n"


@stage
def tabulate_worlds(tables: Inputs, table: Output, findings: Output, worlds: list[str]) -> None:
    """The claims about combining rewards by world; worlds: names in the order of the tables."""
    parts = [read_csv(path).assign(world=name) for name, path in zip(worlds, tables, strict=True)]
    together = pd.concat(parts, ignore_index=True)
    write_csv(together, table)
    findings.write_text(verdicts_in_words(together))


if __name__ == "__main__":
    main(tabulate_worlds)
