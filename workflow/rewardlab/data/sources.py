"""Turns a source into local files: the only place that knows where things come from."""

import errno
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.running.provenance import file_hash, manifest_of
from rewardlab.settings.data import SourceSettings

Kind = Literal["dataset", "model"]

SETTLED = 2_000_000_000  # nanoseconds


def kind_of(name: str) -> Kind:
    """Return which of the hub's kinds of repository a source is, by its key below data."""
    models = ("language_model", "reward_trunk", "judge", "classifier")
    return "model" if name in models or name.startswith("trunks.") else "dataset"


def resolve(source: SourceSettings, kind: Kind, key: str) -> list[Path]:
    """Return the source's files, downloaded at its revision if need be, checksums checked.

    kind: which of the hub's kinds of repository it is; key: where the setting stands, for messages.
    Of a local model these are all files of its folder, whatever `files` picks: transformers reads
    what it finds there.
    Raises UserError if there is nothing at the path, no file matches, or a checksum differs.
    """
    if source.path is not None:
        root = Path(source.path)
        if not root.exists():
            raise UserError(f"{key}.path is {source.path!r}; there is no such file or folder.")
    else:
        root = _download(source, kind, key)
    files = _files(root, source, kind, key)
    if source.path is None:
        for file in files:
            _check_blob(file, key)
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


def local_hash(source: SourceSettings, kind: Kind, cache: Path, manifest: Path) -> str | None:
    """Return a hash of the names and contents of a local source's files; None if it has none.

    cache: a file of hashes by path, each as good as the file's size, inode and times of change;
    manifest: where the files were listed, which decides once they have gone: results outlive them.
    """
    if source.path is None:
        return None
    if not Path(source.path).exists():
        listed = manifest_of(manifest)
        return None if listed is None else _hash_of(listed[1])
    try:
        files = _files(Path(source.path), source, kind, "")
    except UserError:  # the job itself will say what is wrong
        return None
    root = root_of(files)
    known = _read_cache(cache)
    found, stored = {}, dict(known)
    for file in files:
        status = file.stat()
        marks = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
        place = str(file.absolute())
        entry = known.get(place, [])
        if entry[:-1] != marks:
            entry = [*marks, file_hash(file)]
        found[str(file.relative_to(root))] = entry[-1]
        # What has just been changed may change again within one tick of the clock.
        if time.time_ns() - status.st_ctime_ns >= SETTLED:
            stored[place] = entry
    if stored != known:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with published(cache) as partial:
            partial.write_text(json.dumps(stored, indent=1) + "\n")
    return _hash_of(found)


def _hash_of(hashes: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()


def _read_cache(cache: Path) -> dict[str, list]:
    try:
        return json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}


def hub_reason(error: Exception) -> str:
    """Return in a few words why the hub did not give what it was asked for."""
    from huggingface_hub import errors

    reasons = {
        errors.GatedRepoError: "it is gated: ask for access on its page, and set HF_TOKEN",
        errors.RepositoryNotFoundError: "there is no such repository, or it is private (HF_TOKEN)",
        errors.RevisionNotFoundError: "it has no such revision",
        errors.OfflineModeIsEnabled: "HF_HUB_OFFLINE is set, and it has not been fetched before",
        errors.LocalEntryNotFoundError: "no answer, and it has not been fetched before",
        errors.EntryNotFoundError: "a file of it is not there",
    }
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for part in chain:
        if isinstance(part, OSError) and part.errno == errno.ENOSPC:
            return "no space left on device; make room, and run again"
    for kind, words in reasons.items():
        if any(isinstance(part, kind) for part in chain):
            return words
    return " ".join(str(error).split())[:200] or type(error).__name__


def _download(source: SourceSettings, kind: str, key: str) -> Path:
    from huggingface_hub import snapshot_download

    if source.revision is None:
        raise UserError(
            f"{key}: the revision of {source.hub} is null; `snakemake pin` looks it up, and "
            "writes it to pins.yaml."
        )
    try:
        folder = snapshot_download(
            source.hub,
            repo_type=kind,
            revision=source.revision,
            allow_patterns=list(source.files) or None,
        )
    except Exception as error:  # the client's own, and those of the network below it
        reason = hub_reason(error)
        raise UserError(
            f"{key}: {source.hub} at revision {source.revision} cannot be had from the hub "
            f"({reason}); to use a local copy, set {key}.path."
        ) from None
    return Path(folder)


def _files(root: Path, source: SourceSettings, kind: Kind, key: str) -> list[Path]:
    if root.is_file():
        return [root]
    every = {str(file.relative_to(root)): file for file in sorted(_below(root))}
    patterns = source.files
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in every):
            raise UserError(f"{key}.files names {pattern!r}, which matches no file in {root}.")
    if source.path is not None and kind == "model":
        patterns = ()
    chosen = [
        file
        for name, file in every.items()
        if not patterns or any(fnmatch(name, pattern) for pattern in patterns)
    ]
    if not chosen:
        raise UserError(f"{key}: the folder {root} holds no files.")
    return chosen


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that are not hidden, also behind links."""
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(place))
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(Path(place, name)) not in seen
        ]
        for name in names:
            if not name.startswith("."):
                if not Path(place, name).exists():
                    raise UserError(f"{Path(place, name)} is a link to a file that is not there.")
                yield Path(place, name)


def _check_blob(file: Path, key: str) -> None:
    """Raise UserError if a file of the hub's cache is not what its name says.

    The cache has contents under their own hashes (sha256, or git's of a blob), and names link
    there.
    """
    blob = file.resolve()
    if len(blob.name) == 64:
        found = file_hash(blob)
    elif len(blob.name) == 40:
        content = blob.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    else:
        return
    if found != blob.name:
        raise UserError(
            f"{key}: {file} is damaged: its contents hash to {found}, and were {blob.name} on the "
            f"hub; delete {blob}, and fetch it again."
        )


def _check(root: Path, files: Sequence[Path], name: str, expected: str, key: str) -> None:
    matching = [file for file in files if file == root / name or file.name == name]
    if not matching:
        raise UserError(f"{key}.sha256 names {name!r}, which is no file of this source.")
    for file in matching:
        found = file_hash(file)
        if found != expected:
            raise UserError(f"{file} has the sha256 {found}; {key}.sha256 expects {expected}.")
