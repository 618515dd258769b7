"""One fault of every cause, for real; `python tests/interruptions.py` tries them all."""

import os

import pytest

from interruptions import FAULTS, mount, tried, undisturbed

MOUNTING = {"disk full", "results on a read-only file system"}
CAUSES = {
    "kill -9 of a stage": "",
    "Ctrl-C": "",
    "disk full": "No space left on device",
    "a stage out of memory (ulimit -v)": "",
    "a table truncated": "is not what it was when it was made",
    "a bit of a parquet flipped": "is not what it was when it was made",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed run."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed") / "copy")


def may_mount(folder) -> bool:
    if os.geteuid():
        return False
    try:
        mount("-t", "tmpfs", "tmpfs", str(folder))
    except Exception:  # mount says in its own words why not
        return False
    return os.system(f"umount {folder}") == 0


@pytest.mark.parametrize("name", CAUSES)
def test_a_run_recovers_to_the_same_tables(name, whole, tmp_path):
    assert name in FAULTS
    if name in MOUNTING and not may_mount(tmp_path):
        pytest.skip("mounting a small file system needs root")
    outcome, ended, equal = tried(name, tmp_path / "copy", whole, seed=1)
    assert CAUSES[name] in outcome.said
    assert "Traceback" not in outcome.said
    assert ended
    assert equal
