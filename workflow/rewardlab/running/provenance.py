"""Where a result comes from: settings, seed, versions, commit, inputs and code."""

import hashlib
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
        "inputs": {str(path): file_hash(path) for path in inputs},
        "code": code,
        "commit": commit(),
        "versions": versions(),
        "platform": f"{sys.platform} {platform.machine()}",
    }
