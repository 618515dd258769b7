"""Puts the searches of several methods under each other."""

import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.tables import read_csv, write_csv


def run(job: Job) -> None:
    table = pd.concat([read_csv(path) for path in job.inputs["trials"]], ignore_index=True)
    write_csv(table, job.outputs["table"])
    lines = [
        f"{method}: beta = {rows.beta.iloc[-1]:.3g} gives a KL divergence of "
        f"{rows.kl.iloc[-1]:.3f} (standard error {rows.error.iloc[-1]:.3f}) after {len(rows)} "
        "coefficients."
        for method, rows in table.groupby("method", sort=False)
    ]
    said = "\n\n".join(lines) or "All coefficients are fixed in the settings."
    job.outputs["findings"].write_text(said + "\n")


COMMAND = Command(__spec__.name, run, inputs=("trials...",), outputs=("table", "findings"))

if __name__ == "__main__":
    COMMAND.main()
