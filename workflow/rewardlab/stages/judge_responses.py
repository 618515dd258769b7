"""Reduces the judged responses of policies to a row per policy.

Columns: method, unit, policy, head, trial, ended, judged (mean judged reward), noise (the variance
of the judging in it), kl (mean divergence from the reference over the evaluation prompts). Policies
that did not end well have no values.
"""

import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.errors import UserError
from rewardlab.evaluation.spread import judged
from rewardlab.evaluation.tables import write_csv

CELL = ["method", "unit", "policy", "head", "trial"]


def run(job: Job) -> None:
    responses, ended = (pd.read_parquet(job.inputs[name]) for name in ("scores", "ended"))
    column = job.options["judge"]
    if column not in responses:
        raise UserError(f"{job.inputs['scores']} has no column {column!r} to judge by.")
    rows = []
    for (method, policy), table in responses.groupby(["method", "policy"], sort=False):
        ordered = table.sort_values(["prompt_id", "sample"], kind="stable")
        rewards = ordered[column].to_numpy(float).reshape(ordered.prompt_id.nunique(), -1)
        rows.append((method, policy, *judged(rewards), table.kl.mean()))
    values = pd.DataFrame(rows, columns=["method", "policy", "judged", "noise", "kl"])
    reference = values[values.method.eq("reference")].assign(ended="finished")
    trained = ended.merge(values, on=["method", "policy"], how="left")
    table = pd.concat([reference, trained], ignore_index=True)
    write_csv(table[[*CELL, "ended", "judged", "noise", "kl"]], job.outputs["policies"])


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("scores", "ended"),
    outputs=("policies",),
    options={"judge": "column with the judge's reward"},
)

if __name__ == "__main__":
    COMMAND.main()
