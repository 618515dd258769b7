"""Puts the policies of all methods and units of a figure together: steps, responses, ends.

--steps, --responses and --ended take a file for each method and unit, methods in the order of
--methods and within a method its units; the last file of --responses is the reference's.
"""

import pandas as pd

from rewardlab.command_line import Command, Job

REFERENCE = "reference"


def together(paths, methods: list[str]) -> pd.DataFrame:
    """Return the tables of several files with the columns method and unit."""
    units = len(paths) // len(methods)
    parts = [
        pd.read_parquet(path).assign(method=methods[place // units], unit=place % units)
        for place, path in enumerate(paths)
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def run(job: Job) -> None:
    methods = job.options["methods"].split(",")
    *trained, reference = job.inputs["responses"]
    base = pd.read_parquet(reference).assign(method=REFERENCE)
    responses = pd.concat([base, together(trained, methods)], ignore_index=True)
    responses.to_parquet(job.outputs["all_responses"], index=False)
    together(job.inputs["steps"], methods).to_parquet(job.outputs["all_steps"], index=False)
    together(job.inputs["ended"], methods).to_parquet(job.outputs["all_ended"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("steps...", "responses...", "ended..."),
    outputs=("all_steps", "all_responses", "all_ended"),
    options={"methods": "names of the methods, separated by commas"},
)

if __name__ == "__main__":
    COMMAND.main()
