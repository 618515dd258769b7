"""Outputs appear whole under their final name or not at all, and have one writer at a time."""

import fcntl
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rewardlab.running.errors import UserError

PARTIAL = ".partial"
STATE = ".state"


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Hold the exclusive lock of `target` (a file or a folder that this process will write).

    The lock is a hidden file beside the target, which goes when it is released. The kernel drops it
    when the process ends, however it ends: a file that a killed process left holds nobody up. What
    an earlier writer left half-written is removed. Raises UserError, naming the process, if another
    one holds the lock.
    """
    file = target.parent / f".{target.name}.lock"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = _locked(file, target)
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    with lock:
        try:
            for leftover in target.parent.glob(f".{glob.escape(target.name)}.*{PARTIAL}"):
                if final_name(leftover) == target:  # and not one whose name only begins like it
                    remove(leftover)
            yield
        finally:
            file.unlink(missing_ok=True)  # while it is held: nobody can have taken it over


def _locked(file: Path, target: Path) -> TextIO:
    """Return the lock file, open and locked."""
    while True:
        lock = open(file, "a+")  # noqa: SIM115  the caller closes it
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            lock.close()
            raise UserError(
                f"{target} is being written by {holder}, left over from an earlier run or started "
                "beside this one: wait until it has ended, or end it, then run again."
            ) from None
        if _is_at(file, lock):
            lock.truncate(0)
            lock.write(f"process {os.getpid()}")
            lock.flush()
            return lock
        lock.close()  # its holder removed it between our opening and our locking it


def _is_at(file: Path, lock: TextIO) -> bool:
    """Return whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.stat(file), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False


def state_of(target: Path, decisive: Mapping[str, object]) -> Path:
    """Return the folder for work towards `target`: hidden beside it, and named by `decisive`."""
    text = json.dumps(decisive, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return target.parent / f".{target.name}.{name}{STATE}"


@contextmanager
def kept_after_a_kill(target: Path, decisive: Mapping[str, object]) -> Iterator[Path]:
    """Yield a folder for work towards `target` that a next attempt can go on with.

    It is hidden beside the target, and named by `decisive`, all that the result depends on. It goes
    at the end, or where the input proves bad at the first attempt; what kills or fills the machine
    leaves it, and so does what a later attempt is refused for. Folders that
    other settings or inputs left for the same target go at the end, too. The caller holds the lock.
    """
    folder = state_of(target, decisive)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    except BaseException as error:
        if (isinstance(error, UserError) and is_new) or not any(folder.iterdir()):
            remove(folder)
        raise
    for old in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 16}{STATE}"):
        remove(old)


@contextmanager
def published(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; on success it takes the place of `target`.

    On an exception what was written is removed, and `target` stays as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent / f".{target.name}.{os.getpid()}{PARTIAL}"
    try:
        yield partial
        if partial.is_dir() and target.exists():
            remove(target)  # a folder cannot be replaced in one step
        os.replace(partial, target)
    finally:
        remove(partial)


def final_name(path: Path) -> Path:
    """Return the path under which what is written to `path` will be found, once published."""
    if not path.name.endswith(PARTIAL):
        return path
    return path.with_name(path.name.removeprefix(".").removesuffix(PARTIAL).rpartition(".")[0])


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
