"""Puts the same table of several worlds under each other, with a column `world`."""

import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.evaluation.verdicts import all_of


def said_of(table: pd.DataFrame) -> str:
    """Return a sentence for each claim and number of responses: its verdict by world."""
    own = table[table.scored_by.eq("rewards")]
    lines = []
    for claim, rows in own.groupby("id"):
        verdicts = rows.groupby(["k", "world"], sort=False).verdict.agg(lambda v: all_of(*v))
        by_k = [
            f"k = {k}: "
            + ", ".join(f"{count} {name}" for name, count in part.value_counts().items())
            for k, part in verdicts.groupby("k")
        ]
        lines.append(f"{claim}, in {rows.world.nunique()} worlds, {'; '.join(by_k)}.")
    return "\n\n".join(lines) + "\n"


def run(job: Job) -> None:
    names = job.options["worlds"].split(",")
    tables = [
        read_csv(path).assign(world=name)
        for name, path in zip(names, job.inputs["tables"], strict=True)
    ]
    table = pd.concat(tables, ignore_index=True)
    write_csv(table, job.outputs["table"])
    job.outputs["findings"].write_text(said_of(table))


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("tables...",),
    outputs=("table", "findings"),
    options={"worlds": "names of the worlds, separated by commas, in the order of the tables"},
)

if __name__ == "__main__":
    COMMAND.main()
