"""Runs this workflow in another world, and fetches one of its tables.

The other world has settings of its own, complete, with a scale of its own: its results stand beside
these, and running it again makes only what has changed.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from rewardlab.command_line import Command, Job
from rewardlab.errors import UserError
from rewardlab.setting_types import SettingsModel


class Settings(SettingsModel):
    """The other world."""

    config: dict[str, Any]
    """Its whole configuration."""


def run(job: Job) -> None:
    scale = job.settings.config["scale"]
    table = Path("results", scale, job.options["table"])
    log = Path("logs", scale, "snakemake.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config, open(log, "w") as messages:
        yaml.safe_dump(job.settings.config, config)
        config.flush()
        # The outer run holds the lock of this folder; outputs have locks of their own.
        command = [sys.executable, "-m", "snakemake", "--nolock", "--cores", job.options["cores"]]
        command += [str(table), f"--configfile={config.name}"]
        done = subprocess.run(command, stdout=messages, stderr=messages)
    if done.returncode != 0:
        raise UserError(f"the run at the scale {scale} failed; its messages are in {log}.")
    shutil.copyfile(table, job.outputs["copy"])


COMMAND = Command(
    __spec__.name,
    run,
    settings=Settings,
    outputs=("copy",),
    options={
        "table": "table to fetch, inside the results of the other world",
        "cores": "cores of the inner run",
    },
)

if __name__ == "__main__":
    COMMAND.main()
