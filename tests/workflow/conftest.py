"""Whole runs of the workflow at the `test` scale, each in a copy of the repository of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from repository import copy_repository

TEST_SCALE = "--configfile=tests/test.yaml"


class Checkout:
    """A copy of the repository in which a test may run and edit what it likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / name

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).parent / "snakemake"), "--cores", "2", *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment without what would hide a missing setting of PYTHONPATH."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return kept | {"HF_HUB_OFFLINE": "1"}

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, scale: str = TEST_SCALE) -> "Run":
        """Run snakemake and wait for its end, whatever that is."""
        done = subprocess.run(
            self.command(scale, *arguments),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=1500,
        )
        return Run(done)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.path(name)
        text = path.read_text()
        assert old in text, f"{name} no longer contains {old!r}"
        path.write_text(text.replace(old, new, 1))

    def tables(self) -> dict[str, bytes]:
        """Return the contents of all tables and data of the run, but for measured costs."""
        results = self.path("results/test")
        files = [*results.rglob("*.csv"), *results.rglob("*.parquet"), *results.rglob("*.rst")]
        return {
            str(file.relative_to(results)): file.read_bytes()
            for file in files
            if "_measured" not in file.name
        }

    def figures(self, *targets: str) -> dict[str, str]:
        """Return the SVG file of every figure that the rules draw for the targets, by rule."""
        plan = self.run("-n", "--forceall", *targets)
        assert plan.code == 0, plan.text
        return dict(re.findall(r"rule (draw_\w+):(?:\n .*)*?\n    output: (\S+\.svg)", plan.text))


class Run:
    """What a run of snakemake did."""

    def __init__(self, done: subprocess.CompletedProcess) -> None:
        self.code = done.returncode
        self.stdout, self.stderr = done.stdout, done.stderr
        self.text = done.stdout + done.stderr

    @property
    def rules(self) -> set[str]:
        """Return the rules whose jobs ended well in this run."""
        return set(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", self.text))

    @property
    def runs(self) -> set[str]:
        """Return the names of the runs (this configuration, other worlds) that jobs were for."""
        return set(re.findall(r"wildcards: (?:.*, )?run=([\w-]+)", self.text))

    @property
    def did_nothing(self) -> bool:
        return self.code == 0 and "Nothing to be done" in self.text and not self.rules


def copy_sources(target: Path) -> Checkout:
    """Copy what git knows or would add, as a clone would."""
    copy_repository(target)
    return Checkout(target)


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    """A fresh copy of the repository, without results."""
    return copy_sources(tmp_path / "clone")


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory) -> Checkout:
    """A copy in which `all` has been run; tests do not touch it."""
    copy = copy_sources(tmp_path_factory.mktemp("finished") / "clone")
    run = copy.run()
    assert run.code == 0, run.text
    return copy


@pytest.fixture
def finished(finished_once, tmp_path) -> Checkout:
    """A copy of the repository with results, for a test to edit and to rerun."""
    target = tmp_path / "clone"
    subprocess.run(["cp", "-a", str(finished_once.folder), str(target)], check=True)
    return Checkout(target)
