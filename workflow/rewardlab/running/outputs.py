"""Outputs appear whole under their final name or not at all, and have one writer at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rewardlab.running.errors import UserError

PARTIAL = ".partial"


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Hold the exclusive lock of `target` (a file or a folder that this process will write).

    The kernel drops the lock when the process ends, however it ends. What an earlier writer left
    half-written is removed. Raises UserError, naming the process, if another one holds the lock.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / f".{target.name}.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            raise UserError(
                f"{target} is being written by {holder}, left over from an earlier run or started "
                "beside this one: wait until it has ended, or end it, then run again."
            ) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        for leftover in target.parent.glob(f".{target.name}.*{PARTIAL}"):
            remove(leftover)
        yield


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
