"""Hashes of artefacts, recorded when they are published and checked by whoever reads them.

What a hand or a disk changed would flow downstream in silence. A folder holds one small file for
each artefact, so that jobs do not meet in it; a model's folder stands behind its manifest, which
has the hashes of its files. What a job cost stands with the first of its artefacts.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rewardlab.running.costs import spent_by_process
from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.running.provenance import file_hash, manifest_of

OPTIONS = "WORKFLOW_OPTIONS"
"""Variable with the options that a run has beside its targets, for the command in messages."""
Damage = tuple[Path, str]
"""An artefact, and what is wrong with it."""


def _entry(store: Path, path: Path) -> Path:
    return store / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"


@contextmanager
def recording(store: Path | None, paths: Sequence[Path], job: str = "") -> Iterator[None]:
    """Record the hashes of files that are published inside; folders have manifests.

    If that fails, what was recorded of them stays: files that are gone then are missed. The caller
    holds their locks; no store: nothing is recorded. job: what is done inside, for its cost.
    """
    if store is None:
        yield
        return
    start = time.monotonic()
    yield
    cost = {"job": job, "seconds": time.monotonic() - start, **spent_by_process()}
    for path in paths:
        if path.is_file():
            entry = {"path": str(path), "sha256": file_hash(path), **cost}
            cost = {}
            with published(_entry(store, path)) as partial:
                partial.write_text(json.dumps(entry))


class Cost(NamedTuple):
    """What the last attempt of a job took: time, that of its cores, and memory at its peak.

    Of a training on several cards, that of its first process.
    """

    job: str
    seconds: float
    core_seconds: float
    peak_memory_gb: float


UNREADABLE = "is damaged: it has the hash of an artefact"


def recorded_costs(store: Path) -> Iterator[Cost]:
    """Yield what every job cost that has recorded an artefact."""
    for entry in sorted(store.glob("*.json")):
        try:
            found = json.loads(entry.read_text())
            yield Cost(*(found[name] for name in Cost._fields))
        except (OSError, ValueError, LookupError, TypeError):
            continue  # another artefact of its job, or a damaged entry, which `damaged` tells


def _read(entry: Path) -> tuple[Path, str] | None:
    """Return what an entry says; None if it cannot be read."""
    try:
        found = json.loads(entry.read_text())
        return Path(found["path"]), str(found["sha256"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def damage(store: Path, path: Path) -> str | None:
    """Return what is wrong with a file that was recorded; None: nothing, or it was not."""
    entry = _entry(store, path)
    if not entry.exists():
        return None
    found = _read(entry)
    if found is None:
        return f"cannot be checked, since {entry}, its recorded hash, is damaged"
    if not path.is_file():
        return "is missing"
    if file_hash(path) == found[1]:
        return None
    return "is not what it was when it was made" if path.stat().st_size else "has been emptied"


def check(store: Path, paths: Iterable[Path]) -> None:
    """Raise UserError if a file is not what was recorded of it."""
    for path in paths:
        if path.is_file() and (wrong := damage(store, path)):
            raise UserError(f"{path} {wrong}; {remedy(path)}.")


def remedy(path: Path, wrong: str = "") -> str:
    """Return what makes an artefact again, in words; wrong: with it, from `damaged`."""
    if wrong == UNREADABLE:
        return "remove it: its artefact is checked again from when it is made again"
    options = os.environ.get(OPTIONS, "")
    return f"to make it again, run: snakemake --cores all --force {path}{options}"


def damaged(store: Path) -> Iterator[Damage]:
    """Yield every recorded artefact that is missing or changed, and files behind manifests."""
    for entry in sorted(store.glob("*.json")):
        found = _read(entry)
        if found is None:
            yield entry, UNREADABLE
            continue
        path = found[0]
        if wrong := damage(store, path):
            yield path, wrong
        elif manifest := manifest_of(path):
            folder, files = manifest
            for name, expected in files.items():
                file = folder / name
                if not file.is_file():
                    yield path, f"lists {file}, which is missing"
                elif file_hash(file) != expected:
                    yield path, f"lists {file}, which is not what it was when it was made"
