"""Turns a source into local files: the only place that knows where things come from."""

import hashlib
import json
import time
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.running.provenance import file_hash
from rewardlab.settings.data import SourceSettings

SETTLED = 2_000_000_000  # nanoseconds


def resolve(source: SourceSettings, kind: Literal["dataset", "model"], key: str) -> list[Path]:
    """Return the source's files, downloaded at its revision if need be, checksums checked.

    kind: which of the hub's kinds of repository it is; key: where the setting stands, for messages.
    Raises UserError if there is nothing at the path, no file matches, or a checksum differs.
    """
    if source.path is not None:
        root = Path(source.path)
        if not root.exists():
            raise UserError(f"{key}.path is {source.path!r}; there is no such file or folder.")
    else:
        root = _download(source, kind, key)
    files = _files(root, source.files, key)
    for name, expected in source.sha256.items():
        if expected is not None:
            _check(root, files, name, expected, key)
    return files


def root_of(files: Sequence[Path]) -> Path:
    """Return the folder that holds all of a source's files."""
    first = files[0].parent
    return next(
        folder
        for folder in (first, *first.parents)
        if all(file.is_relative_to(folder) for file in files)
    )


def local_hash(source: SourceSettings, cache: Path) -> str | None:
    """Return a hash of the names and contents of a local source's files; None if it has none.

    cache: a file of hashes by path, each as good as the file's size, inode and times of change.
    """
    if source.path is None or not Path(source.path).exists():
        return None
    try:
        files = _files(Path(source.path), source.files, "")
    except UserError:  # the job itself will say what is wrong
        return None
    known = _read_cache(cache)
    found, stored = {}, dict(known)
    for file in files:
        status = file.stat()
        marks = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
        place = str(file.absolute())
        entry = known.get(place, [])
        if entry[:-1] != marks:
            entry = [*marks, file_hash(file)]
        found[place] = entry[-1]
        # What has just been changed may change again within one tick of the clock.
        if time.time_ns() - status.st_ctime_ns >= SETTLED:
            stored[place] = entry
    if stored != known:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with published(cache) as partial:
            partial.write_text(json.dumps(stored, indent=1) + "\n")
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def _read_cache(cache: Path) -> dict[str, list]:
    try:
        return json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}


def _download(source: SourceSettings, kind: str, key: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            source.hub,
            repo_type=kind,
            revision=source.revision,
            allow_patterns=list(source.files) or None,
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{key}: {source.hub} at revision {source.revision} cannot be had from the hub "
            f"({reason}); to use a local copy, set {key}.path."
        ) from None
    return Path(folder)


def _files(root: Path, patterns: Sequence[str], key: str) -> list[Path]:
    if root.is_file():
        return [root]
    every = {
        str(file.relative_to(root)): file
        for file in sorted(root.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(root).parts)
    }
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in every):
            raise UserError(f"{key}.files names {pattern!r}, which matches no file in {root}.")
    chosen = [
        file
        for name, file in every.items()
        if not patterns or any(fnmatch(name, pattern) for pattern in patterns)
    ]
    if not chosen:
        raise UserError(f"{key}: the folder {root} holds no files.")
    return chosen


def _check(root: Path, files: Sequence[Path], name: str, expected: str, key: str) -> None:
    matching = [file for file in files if file == root / name or file.name == name]
    if not matching:
        raise UserError(f"{key}.sha256 names {name!r}, which is no file of this source.")
    for file in matching:
        found = file_hash(file)
        if found != expected:
            raise UserError(f"{file} has the sha256 {found}; {key}.sha256 expects {expected}.")
