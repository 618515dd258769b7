"""Where a result comes from: settings, seed, versions, commit, inputs and code."""

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "torch",
    "transformers",
    "trl",
    "datasets",
    "matplotlib",
    "snakemake",
)


def file_hash(path: Path) -> str:
    """Return the sha256 of a file, or of a folder's file names and contents."""
    digest = hashlib.sha256()
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        if file != path:
            digest.update(str(file.relative_to(path)).encode() + b"\0")
        with open(file, "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def manifest_of(path: Path) -> tuple[Path, dict[str, str]] | None:
    """Return the folder and the hashes by name that a manifest holds; None if it is none."""
    if path.suffix != ".json" or not path.is_file():
        return None
    try:
        value = json.loads(path.read_text())
    except ValueError:
        return None
    if not isinstance(value, dict) or set(value) != {"path", "files"}:
        return None
    return path.parent / value["path"], value["files"]


def input_hashes(paths: Iterable[Path]) -> dict[str, str]:
    """Return the hash of every input, and of every file that a manifest among them stands for."""
    found = {}
    for path in paths:
        found[str(path)] = file_hash(path)
        if manifest := manifest_of(path):
            folder, files = manifest
            found |= {str(folder / name): expected for name, expected in files.items()}
    return found


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """Return the checkout's commit, with "+" if tracked files differ from it; None outside git."""

    def git(*words: str) -> str:
        call = ["git", "--no-optional-locks", "-C", str(Path(__file__).resolve().parent), *words]
        return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()

    try:
        head = git("rev-parse", "HEAD")
        return head + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def record(
    stage: str, settings: dict[str, object], inputs: Iterable[Path], code: dict[str, str]
) -> dict[str, object]:
    """Return the provenance of one stage's outputs, as JSON-ready values."""
    return {
        "stage": stage,
        "settings": settings,
        "inputs": input_hashes(inputs),
        "code": code,
        "commit": commit(),
        "versions": versions(),
        "platform": f"{sys.platform} {platform.machine()}",
    }
