"""What a user waits for: the start of snakemake when there is nothing to do."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "workflow"))

from conftest import copy_sources  # noqa: E402


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    checkout = copy_sources(tmp_path_factory.mktemp("bench") / "clone")
    run = checkout.run()
    assert run.code == 0, run.text
    return checkout


def test_no_op(benchmark, finished):
    """`snakemake --cores all` where all is up to date; the goal is 3 s."""
    run = benchmark.pedantic(finished.run, rounds=5)
    assert run.did_nothing


def test_parsing_the_code_that_stages_depend_on(benchmark):
    """Reading and hashing the imports of every stage, in a fresh process each time."""
    code = (
        "from rewardlab.running.fingerprint import fingerprint; from pathlib import Path; "
        "[fingerprint(f'stages.{p.parent.name}.{p.stem}') "
        "for p in Path('rewardlab/stages').glob('*/[a-z]*.py')]"
    )
    call = [sys.executable, "-c", code]
    benchmark.pedantic(
        subprocess.run, args=(call,), kwargs={"cwd": ROOT / "workflow", "check": True}, rounds=5
    )
