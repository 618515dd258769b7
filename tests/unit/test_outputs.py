"""Outputs appear whole or not at all, and have one writer at a time."""

import errno
import multiprocessing
import os
import signal
import threading
import time

import pytest

from rewardlab.running.errors import UserError, of_the_machine
from rewardlab.running.outputs import exclusive, final_name, kept_after_a_kill, published


def test_published_replaces_at_the_end(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with published(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_published_keeps_the_old_file_after_an_error(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")

    def fail():
        with published(target) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_written_knows_its_final_name(tmp_path):
    """A manifest has to name the folder as it will be called."""
    target = tmp_path / "model-1.5.json"
    with published(target) as partial:
        partial.touch()
        assert final_name(partial) == target
    assert final_name(target) == target


def test_published_replaces_a_folder(tmp_path):
    target = tmp_path / "model"
    for text in ("first", "second"):
        with published(target) as partial:
            partial.mkdir()
            (partial / "weights").write_text(text)
        assert (target / "weights").read_text() == text


def _write_slowly(target):
    with exclusive(target), published(target) as partial:
        partial.write_text("half")
        time.sleep(60)


@pytest.fixture
def writer(tmp_path):
    """A process that is in the middle of writing a target."""
    target = tmp_path / "table.csv"
    process = multiprocessing.get_context("spawn").Process(target=_write_slowly, args=(target,))
    process.start()
    while not list(tmp_path.glob(".table.csv.*.partial")):
        assert process.is_alive()
        time.sleep(0.05)
    yield target, process
    process.kill()
    process.join()


def test_a_second_writer_is_told_the_process(writer):
    target, process = writer
    with (
        pytest.raises(UserError, match=f"table.csv is being written by process {process.pid}"),
        exclusive(target),
    ):
        pass


def test_a_killed_writer_leaves_nothing_in_the_way(writer):
    target, process = writer
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not target.exists()
    with exclusive(target), published(target) as partial:
        partial.write_text("whole")
    assert target.read_text() == "whole"
    assert not list(target.parent.glob("*.partial"))


def test_a_place_that_cannot_be_written_is_named_as_it_was_given(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(UserError, match=r"file/table\.csv cannot be written \("),
        exclusive(tmp_path / "file" / "table.csv"),
    ):
        pass


def test_locks_and_states_go_with_the_work(tmp_path):
    target = tmp_path / "table.csv"
    with exclusive(target), kept_after_a_kill(target, {"seed": 1}) as state:
        (state / "part").write_text("x")
        assert (tmp_path / ".table.csv.lock").exists()
    assert not list(tmp_path.iterdir())


def test_a_state_outlives_what_is_not_the_users_fault(tmp_path):
    target = tmp_path / "table.csv"

    def fail(error, work):
        with exclusive(target), kept_after_a_kill(target, {"seed": 1}) as state:
            if work:
                (state / "part").write_text("x")
            raise error

    for error, work, left in (
        (UserError("bad"), True, 0),
        (RuntimeError(), False, 0),
        (KeyboardInterrupt(), True, 1),
    ):
        with pytest.raises(type(error)):
            fail(error, work)
        assert len(list(tmp_path.iterdir())) == left
    # Another setting's state for the same target goes as well, once the target is there.
    with exclusive(target), kept_after_a_kill(target, {"seed": 2}):
        pass
    assert not list(tmp_path.iterdir())


def test_many_writers_at_once_are_one_after_the_other(tmp_path):
    """The lock file is removed each time, and still nobody writes beside another."""
    target = tmp_path / "count"
    target.write_text("0")

    def add():
        for _ in range(50):
            while True:
                try:
                    with exclusive(target):
                        target.write_text(str(int(target.read_text()) + 1))
                    break
                except UserError:
                    time.sleep(0.0005)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() == "200"
    assert [file.name for file in tmp_path.iterdir()] == ["count"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device; nothing was"),
        (RuntimeError("IoError: No space left on device (28)"), "No space left on device; nothing"),
        (PermissionError(errno.EACCES, "Permission denied", "x.csv"), "Permission denied (x.csv)."),
        (FileExistsError(errno.EEXIST, "File exists", "folder"), "File exists (folder)."),
    ],
)
def test_what_is_the_machines_fault_is_one_sentence(error, expected):
    assert of_the_machine(error).startswith(expected)
    assert of_the_machine(ValueError("a mistake of ours")) is None


def test_a_writer_leaves_those_of_longer_names_alone(tmp_path):
    other = tmp_path / "table.csv.gz"
    with exclusive(other), published(other) as partial:
        partial.write_text("half")
        with exclusive(tmp_path / "table.csv"):
            assert partial.exists()
