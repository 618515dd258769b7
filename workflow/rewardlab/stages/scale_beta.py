"""Writes a multiple of a KL coefficient."""

import json

from rewardlab.command_line import Command, Job


def run(job: Job) -> None:
    found = json.loads(job.inputs["beta"].read_text())
    scaled = {**found, "beta": found["beta"] * float(job.options["factor"])}
    job.outputs["scaled"].write_text(json.dumps(scaled) + "\n")


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("beta",),
    outputs=("scaled",),
    options={"factor": "what the coefficient is multiplied by"},
)

if __name__ == "__main__":
    COMMAND.main()
