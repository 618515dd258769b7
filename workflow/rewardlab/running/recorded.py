"""Hashes of artefacts, recorded when they are published and checked by whoever reads them.

What a hand or a disk changed would flow downstream in silence. A folder holds one small file for
each artefact, so that jobs do not meet in it; a model's folder stands behind its manifest, which
has the hashes of its files.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.running.provenance import file_hash, manifest_of

Damage = tuple[Path, str]
"""An artefact, and what is wrong with it."""


def _entry(store: Path, path: Path) -> Path:
    return store / f"{quote(str(path), safe='')}.json"


def forget(store: Path, paths: Iterable[Path]) -> None:
    """Take back what was recorded of files that are about to be written anew."""
    for path in paths:
        _entry(store, path).unlink(missing_ok=True)


def note(store: Path, paths: Iterable[Path]) -> None:
    """Record the hashes of files; folders have manifests."""
    for path in paths:
        if path.is_file():
            with published(_entry(store, path)) as partial:
                partial.write_text(json.dumps({"sha256": file_hash(path)}) + "\n")


def _recorded(store: Path, path: Path) -> str | None:
    try:
        return json.loads(_entry(store, path).read_text())["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def damage(store: Path, path: Path) -> str | None:
    """Return what is wrong with a file that was recorded; None: nothing, or it was not."""
    expected = _recorded(store, path)
    if expected is None:
        return None
    if not path.is_file():
        return "is missing"
    if path.stat().st_size == 0 and file_hash(path) != expected:
        return "has been emptied"
    return None if file_hash(path) == expected else "is not what it was when it was made"


def check(store: Path, paths: Iterable[Path]) -> None:
    """Raise UserError if a file is not what was recorded of it."""
    for path in paths:
        if path.is_file() and (wrong := damage(store, path)):
            raise UserError(f"{path} {wrong}; {remedy(path)}.")


def remedy(path: Path) -> str:
    """Return what makes an artefact again, in words."""
    return f"to make it again, run: snakemake --cores all --force {path}"


def damaged(store: Path) -> Iterator[Damage]:
    """Yield every recorded artefact that is missing or changed, and files behind manifests."""
    for entry in sorted(store.glob("*.json")):
        path = Path(unquote(entry.name.removesuffix(".json")))
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
