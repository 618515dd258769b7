"""The workflow on a real Slurm: every chapter, failures, retries, cancelled jobs, a node that goes
away.

    make cluster

One node on loopback with two cards that are none; it needs root, and fails where Slurm cannot
start.
"""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from slurm import CARDS, Slurm, cluster, wait_for

from repository import ROOT, copy_repository

PYTHON = Path(sys.executable)  # of the environment that has the plugin
PLAIN = ROOT / ".venv/bin/snakemake"
# Where there is no accounting the plugin asks squeue; jobs here are short.
HERE = (
    *("--workflow-profile", "profiles/slurm", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "4", "--seconds-between-status-checks", "1"),
    *("--latency-wait", "5", "--jobs", "8"),
)
# Something of every chapter, and preferences of another world.
OTHER_WORLD = "results/test-world-1/preferences/helpful.parquet"
SEARCHED = "results/test/betas/variance_aware.json"
MATCHED = "results/test/betas/matched_lsc-helpful.json"
BOOK = "results/test/claims/book.csv"
EVERY_CHAPTER = (
    "uncertainty_fig3",
    "uncertainty_fig8",
    SEARCHED,
    "aggregation_fig1",
    MATCHED,
    BOOK,
    OTHER_WORLD,
)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("slurm")) as found:
        yield found


class Checkout:
    """A copy of the tracked files, in which snakemake runs locally or by Slurm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_repository(folder)

    def start(self, *arguments: str) -> subprocess.Popen:
        # Snakemake does not stop on SIGTERM where the node has gone.
        return subprocess.Popen(
            ["timeout", "-k", "10", "700", str(PYTHON), "-m", "snakemake", *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def submit(self, *targets: str, more: tuple[str, ...] = ()) -> tuple[int, str]:
        """Run targets by Slurm at the test scale; return the status and what was said."""
        process = self.start(*targets, *HERE, *more, "--configfile=tests/test.yaml")
        said, _ = process.communicate()
        return process.returncode, said

    def local(self, *targets: str) -> None:
        subprocess.run(
            [PLAIN, "--cores", "2", *targets, "--configfile=tests/test.yaml"],
            cwd=self.folder,
            capture_output=True,
            check=True,
        )

    def longer_training(self, steps: int) -> None:
        """Let the language model's training take long enough to be met."""
        scale = self.folder / "tests/test.yaml"
        text = scale.read_text()
        assert "steps: 4," in text
        scale.write_text(text.replace("steps: 4,", f"steps: {steps},", 1))

    def tables(self) -> dict[str, bytes]:
        results = self.folder / "results/test"
        return {
            str(file.relative_to(results)): file.read_bytes()
            for file in results.rglob("*.csv")
            if "_measured" not in file.name
        }


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path / "checkout")


class Watch(threading.Thread):
    """Looks at the cards of running jobs until it is told to stop."""

    def __init__(self, slurm: Slurm) -> None:
        super().__init__(daemon=True)
        self.slurm, self.over = slurm, threading.Event()
        self.most, self.shared, self.waited = 0, False, False

    def run(self) -> None:
        while not self.over.wait(0.5):
            running, waiting = [], 0
            for job in self.slurm.says("scontrol", "show", "job", "-d").split("\n\n"):
                cards = re.search(r"GRES=gpu:\w+:\d\(IDX:([\d,-]+)\)", job)
                if "JobState=RUNNING" in job and cards:
                    running.append(cards[1])
                waiting += "JobState=PENDING" in job and re.search(r"gres[:/]gpu", job) is not None
            self.most = max(self.most, len(running))
            self.shared |= len(set(running)) < len(running)
            self.waited |= len(running) == CARDS and waiting > 0


def test_every_chapter_by_sbatch_with_cards_of_their_own(slurm, checkout):
    watch = Watch(slurm)
    watch.start()
    (checkout.folder / "cards.yaml").write_text("gpus: 1\npolicies: {chosen_pairs: null}\n")
    process = checkout.start(
        *(*EVERY_CHAPTER, *HERE, "--configfile", "tests/test.yaml", "cards.yaml")
    )
    said, _ = process.communicate()
    watch.over.set()
    assert process.returncode == 0, said[-3000:]
    jobs = slurm.jobs("i", "T", "k", "m", "b")
    print("\n".join(" ".join(row) for row in jobs))
    states = [row[1] for row in jobs]
    assert set(states) == {"COMPLETED"}
    executed = re.findall(r"Job \d+ has been submitted with SLURM jobid (\d+)", said)
    assert sorted(map(int, executed)) == sorted(int(row[0]) for row in jobs)
    local = set(re.findall(r"^localrule (\w+):", said, re.MULTILINE))
    assert local <= {*EVERY_CHAPTER, "fetch_source"}  # what only names its inputs, and downloads
    assert len([row for row in jobs if "test-world-1" in row[2]]) >= 2  # jobs like all others
    tables = [
        f"results/test/tables/{name}.csv" for name in ("uncertainty/fig8", "aggregation/fig1")
    ]
    for name in (*tables, OTHER_WORLD, SEARCHED, MATCHED, BOOK):
        assert (checkout.folder / name).stat().st_size > 0
    assert watch.most == CARDS
    assert not watch.shared
    assert watch.waited


def test_a_job_that_fails_is_told_with_its_log(checkout, slurm):
    (checkout.folder / "mine.jsonl").write_text(
        '{"prompt": "so", "chosen": "one", "rejected": "two"}\n{"chosen"'
    )
    overlay = 'data={"preferences": {"mine": {"path": "mine.jsonl"}}}'
    target = "results/test/preferences/mine.parquet"
    process = checkout.start(
        *(target, *HERE, "--retries", "0", "--configfile=tests/test.yaml", "--config", overlay)
    )
    said, _ = process.communicate()
    assert process.returncode == 1
    assert "mine.jsonl" in said
    assert "line 2" in said
    assert "logs/test/read_preferences_mine.log" in said


def test_a_retry_asks_for_more(checkout, slurm):
    stage = checkout.folder / "workflow/rewardlab/stages/simulation/bandit.py"
    stage.write_text(
        stage.read_text().replace(
            'if __name__ == "__main__":',
            'if __name__ == "__main__":\n'
            "    from pathlib import Path\n"
            '    if not Path("failed").exists():\n'
            '        Path("failed").touch()\n'
            '        raise SystemExit("out of memory, so to speak")',
        )
    )
    before = {row[0] for row in slurm.jobs("i")}
    status, said = checkout.submit("uncertainty_fig2")
    assert status == 0, said[-2000:]
    jobs = [row for row in slurm.jobs("i", "T", "m", "l") if row[0] not in before]
    failed = [row for row in jobs if row[1] == "FAILED"]
    assert [row[2:] for row in failed] == [["4000M", "4:00:00"]]
    again = jobs[jobs.index(failed[0]) + 1]
    assert again[1:] == ["COMPLETED", "8000M", "8:00:00"]


def test_a_training_that_is_cancelled_goes_on_to_the_same_tables(checkout, slurm, tmp_path):
    target = "results/test/losses/ensemble_overall.csv"
    undisturbed = Checkout(tmp_path / "undisturbed")
    for copy in (checkout, undisturbed):
        copy.longer_training(400)
    undisturbed.local(target)
    process = checkout.start(target, *HERE, "--configfile=tests/test.yaml")
    log = checkout.folder / "logs/test/train_world_model.log"
    wait_for("a training", log.exists, 60)
    running = [row[0] for row in slurm.jobs("i", "T") if row[1] == "RUNNING"]
    assert running
    subprocess.run(["scancel", *running], check=True)
    process.communicate()
    assert any(row[1] == "CANCELLED" for row in slurm.jobs("i", "T"))
    status, said = checkout.submit(target)
    assert status == 0, said[-2000:]
    assert checkout.tables() == undisturbed.tables()


def test_a_node_that_goes_down_and_comes_back(checkout, slurm):
    process = checkout.start("uncertainty_fig3", *HERE, "--configfile=tests/test.yaml")
    wait_for("a running job", lambda: any(row[0] == "RUNNING" for row in slurm.jobs("T")), 60)
    slurm.stop_node()
    wait_for("a node down", lambda: slurm.says("sinfo", "-h", "-o", "%t").startswith("down"))
    slurm.start_node()
    said, _ = process.communicate()
    assert process.returncode == 0, said[-2000:]
    assert (checkout.folder / "figures/test/uncertainty/fig3.svg").exists()


def test_jobs_of_one_rule_as_an_array(checkout, slurm):
    before = {row[0] for row in slurm.jobs("i")}
    status, said = checkout.submit(
        *(f"results/test/responses/pairs_{split}.parquet" for split in ("train", "evaluation")),
        more=("--slurm-array-jobs", "sample_world_pairs"),
    )
    assert status == 0, said[-2000:]
    jobs = [row[0] for row in slurm.jobs("i") if row[0] not in before]
    assert any("_" in job for job in jobs), jobs


def test_submission_by_commands(checkout, slurm):
    """profiles/generic: jobs that end well, and one that Slurm ends, which is told."""
    by_commands = ("--workflow-profile", "profiles/generic", "--seconds-between-status-checks", "1")
    given = (*by_commands, "--latency-wait", "5", "--configfile=tests/test.yaml")
    before = {row[0] for row in slurm.jobs("i")}
    process = checkout.start("uncertainty_fig2", *given)
    said, _ = process.communicate()
    assert process.returncode == 0, said[-2000:]
    jobs = [row for row in slurm.jobs("i", "j", "T", "m", "l") if row[0] not in before]
    assert {(row[1], row[2]) for row in jobs} == {
        ("simulate_bandit", "COMPLETED"),
        ("draw_uncertainty_fig2", "COMPLETED"),
    }
    assert {tuple(row[3:]) for row in jobs} == {("4000M", "4:00:00")}

    target = "results/test/models/world.json"
    checkout.longer_training(20000)
    process = checkout.start(target, *given, "--retries", "0")
    log = checkout.folder / "logs/test/train_world_model.log"
    wait_for("a training", log.exists, 90)
    running = [row[0] for row in slurm.jobs("i", "T") if row[1] == "RUNNING"]
    subprocess.run(["scancel", *running], check=True)
    said, _ = process.communicate()
    assert process.returncode == 1
    assert "train_world_model" in said
    assert str(log.relative_to(checkout.folder)) in said
