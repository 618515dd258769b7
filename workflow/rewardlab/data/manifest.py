"""A manifest stands for a big artefact: where its folder is, and the hash of every file.

Rules depend on the manifest, which is small enough to be compared by content; stages that take a
model take either the folder or its manifest.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import final_name
from rewardlab.running.provenance import file_hash, manifest_of
from rewardlab.running.recorded import remedy


def write_manifest(path: Path, folder: Path, files: Iterable[Path] | None = None) -> None:
    """Write the manifest of `folder`: under its final name, if it is about to be published.

    files: those of the folder that it stands for; None: all. A folder inside the tree of the
    manifest's own folder is recorded relative to it, so that results can be moved; any other one
    absolutely.
    """
    target = final_name(folder).absolute()
    home = path.parent.absolute()
    where = target.relative_to(home) if target.is_relative_to(home) else target
    listed = sorted(folder.rglob("*")) if files is None else files
    hashes = {str(file.relative_to(folder)): file_hash(file) for file in listed if file.is_file()}
    path.write_text(json.dumps({"path": str(where), "files": hashes}, indent=1) + "\n")


def open_artefact(path: Path) -> Path:
    """Return the folder that a manifest stands for, its files checked; or `path`, if a folder.

    Raises UserError naming the file that is missing or is not the one that was recorded.
    """
    return path if path.is_dir() else _opened(path)[0]


def files_of(path: Path) -> list[Path]:
    """Return the files that a manifest stands for, checked; raises UserError as above."""
    folder, names = _opened(path)
    return [folder / name for name in names]


def _opened(path: Path) -> tuple[Path, list[str]]:
    manifest = manifest_of(path)
    if manifest is None:
        raise UserError(f"{path} is neither a folder nor a manifest, a JSON file that lists one.")
    folder, files = manifest
    for name, expected in files.items():
        file = folder / name
        if not file.is_file():
            raise UserError(f"{file} is missing; {path} lists it; {remedy(path)}.")
        found = file_hash(file)
        if found != expected:
            raise UserError(
                f"{file} is not the file that was recorded: its sha256 is {found}, but {path} "
                f"expects {expected}; {remedy(path)}."
            )
    return folder, list(files)
