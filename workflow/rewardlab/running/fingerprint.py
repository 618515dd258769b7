"""The code that a stage depends on, as hashes that change only when behaviour can.

A stage is a module. The modules of this package that it imports, directly or through others, are
found by reading the sources; nothing is imported or run. Each is hashed as its syntax tree without
docstrings and comments, so editing those, touching a file or cloning the repository changes
nothing.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "rewardlab"
ROOT = Path(__file__).resolve().parents[1]

# Modules that cannot change a result: how a stage is called, what it prints, what it records.
WITHOUT_EFFECT = f"{PACKAGE}.running."


def fingerprint(module: str) -> dict[str, str]:
    """Map `module` and every module of the package that it imports to the hash of its code.

    module: a dotted name inside the package, with or without the leading "rewardlab.".
    Raises ModuleNotFoundError if it, or a module that it names, has no source here.
    """
    start = module if module.startswith(f"{PACKAGE}.") else f"{PACKAGE}.{module}"
    found: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found or name.startswith(WITHOUT_EFFECT):
            continue
        path = _source(name)
        if path is None:
            raise ModuleNotFoundError(
                f"{name} is imported for {start}, but has no source in {ROOT}"
            )
        status = path.stat()
        found[name], imported = _read(name, path, status.st_mtime_ns, status.st_size)
        waiting.extend(imported)
    return dict(sorted(found.items()))


@cache
def _read(name: str, path: Path, _mtime: int, _size: int) -> tuple[str, frozenset[str]]:
    """Return the hash of a module's code and the package's modules that it imports."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    imported = frozenset(_imports(tree, package))
    code = ast.unparse(_without_docstrings(tree))
    return hashlib.sha256(code.encode()).hexdigest()[:16], imported


def _imports(tree: ast.Module, package: str) -> set[str]:
    """Return the package's modules that any import statement of the tree names, lazy ones too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            if _is_ours(base):
                # `from package import name`: name is a module, or something inside package.
                below = {f"{base}.{alias.name}" for alias in node.names}
                modules = {name for name in below if _source(name)}
                names.update(modules)
                if modules != below or _source(base).name != "__init__.py":
                    names.add(base)
    return names


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Drop every statement that is only a string: docstrings, and descriptions under fields."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                kept = [statement for statement in block if not _is_text(statement)]
                must_stay = block and not kept and not isinstance(node, ast.Module)
                setattr(node, field, [ast.Pass()] if must_stay else kept)
    return tree


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _source(name: str) -> Path | None:
    """Return the source file of a module of the package, or None."""
    path = ROOT.joinpath(*name.split(".")[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
