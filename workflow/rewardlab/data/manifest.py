"""A manifest stands for a big artefact: where its folder is, and the hash of every file.

Rules depend on the manifest, which is small enough to be compared by content; stages that take a
model take either the folder or its manifest.
"""

import json
from pathlib import Path

from rewardlab.running.errors import UserError
from rewardlab.running.outputs import final_name
from rewardlab.running.provenance import file_hash


def write_manifest(path: Path, folder: Path) -> None:
    """Write the manifest of `folder`: under its final name, if it is about to be published.

    A folder inside the tree of the manifest's own folder is recorded relative to it, so that
    results can be moved; any other one absolutely.
    """
    target = final_name(folder).absolute()
    home = path.parent.absolute()
    where = target.relative_to(home) if target.is_relative_to(home) else target
    files = {
        str(file.relative_to(folder)): file_hash(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    path.write_text(json.dumps({"path": str(where), "files": files}, indent=1) + "\n")


def open_artefact(path: Path) -> Path:
    """Return the folder that a manifest stands for, its files checked; or `path`, if a folder.

    Raises UserError naming the file that is missing or is not the one that was recorded.
    """
    if path.is_dir():
        return path
    manifest = json.loads(path.read_text())
    folder = path.parent / manifest["path"]
    for name, expected in manifest["files"].items():
        file = folder / name
        if not file.is_file():
            raise UserError(f"{file} is missing; {path} lists it.")
        found = file_hash(file)
        if found != expected:
            raise UserError(
                f"{file} is not the file that was recorded: its sha256 is {found}, but {path} "
                f"expects {expected}."
            )
    return folder
