"""Code as a dependency: what changes a fingerprint, and what does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from rewardlab.running import fingerprint as module
from rewardlab.running.fingerprint import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in place of the library: stage -> core -> deep, and modules beside them."""
    files = {
        "stages/stage.py": "from rewardlab import core\n"
        "from rewardlab.running.errors import UserError\n",
        "core.py": '"""Doc."""\nimport numpy\nfrom rewardlab.sub.deep import f\n\ndef g():\n'
        '    """Doc."""\n    return f()  # a comment\n',
        "sub/deep.py": "def f():\n    from .lazy import late\n    return late\n",
        "sub/lazy.py": "late = 1\n",
        "running/errors.py": "class UserError(Exception): ...\n",
        "aside.py": "unused = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / "rewardlab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for folder in (".", "stages", "sub", "running"):
        (tmp_path / "rewardlab" / folder / "__init__.py").touch()
    monkeypatch.setattr(module, "ROOT", tmp_path / "rewardlab")
    return tmp_path / "rewardlab"


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_imports_are_followed_through_modules_packages_and_functions(package):
    names = {f"rewardlab.{name}" for name in ("stages.stage", "core", "sub.deep", "sub.lazy")}
    assert set(fingerprint("stages.stage")) == names


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a comment", "# another comment"),
        ('"""Doc."""\n    return', '"""Another doc."""\n    return'),
        ('    """Doc."""\n', ""),
        ("\n\ndef g", "\n\n\n\ndef g"),
        ("f()  #", "(f())  #"),
    ],
)
def test_comments_docstrings_and_layout_change_nothing(package, old, new):
    before = fingerprint("stages.stage")
    rewrite(package / "core.py", old, new)
    assert fingerprint("stages.stage") == before


@pytest.mark.parametrize("name", ["core.py", "sub/deep.py", "sub/lazy.py"])
def test_code_changes_its_own_hash_and_no_other(package, name):
    before = fingerprint("stages.stage")
    (package / name).write_text((package / name).read_text() + "\nextra = 2\n")
    after = fingerprint("stages.stage")
    changed = {module for module in before if before[module] != after[module]}
    assert changed == {"rewardlab." + name.removesuffix(".py").replace("/", ".")}


def test_modules_without_effect_and_unused_ones_are_left_out(package):
    before = fingerprint("stages.stage")
    for name in ("running/errors.py", "aside.py"):
        (package / name).write_text("changed = 1\n")
    assert fingerprint("stages.stage") == before


def test_strings_that_are_values_count(package):
    before = fingerprint("stages.stage")
    rewrite(package / "sub/lazy.py", "late = 1", "late = 'one'")
    assert fingerprint("stages.stage") != before


def test_a_missing_module_is_named(package):
    (package / "core.py").write_text("from rewardlab.nowhere import nothing\n")
    with pytest.raises(ModuleNotFoundError, match=r"rewardlab\.nowhere"):
        fingerprint("stages.stage")


ROOT = Path(module.__file__).parents[1]
STAGES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "stages").glob("*/[a-z]*.py")
)


def test_init_files_are_empty():
    assert [path for path in ROOT.rglob("__init__.py") if path.read_text().strip()] == []


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_the_module_that_composes_all_settings(stage):
    assert "rewardlab.settings.compose" not in fingerprint(stage)


def test_no_module_imports_dynamically():
    """But for the one that runs a job, whose stage a fingerprint begins with."""
    found = [p.name for p in ROOT.rglob("*.py") if "import_module" in p.read_text()]
    assert found == ["job.py"]


def test_parsing_the_workflow_imports_nothing_heavy():
    code = (
        "import sys; import rewardlab.rules, rewardlab.running.provenance, "
        "rewardlab.evaluation.ledger, rewardlab.data.sampling; "
        "print(*({'numpy', 'scipy', 'pandas', 'torch', 'transformers'} & set(sys.modules)))"
    )
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, cwd=ROOT.parent, check=True)
    assert done.stdout.strip() == ""
