"""Layers point one way, stages import no stage, rules name what there is."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rewardlab.rules import ON_GPUS, ON_SEVERAL_GPUS, cards_of

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "workflow/rewardlab"
RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))
TEXT = "\n".join(path.read_text() for path in RULES)
# What users call, and no rule does.
TOOLS: set[str] = set()


def modules(folder):
    paths = (LIBRARY / folder).glob("*/[a-z]*.py")
    return {".".join(path.relative_to(LIBRARY / folder).with_suffix("").parts) for path in paths}


def test_the_layers_of_the_library():
    """The contracts stand in pyproject.toml; import-linter holds the code to them."""
    call = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_rules_import_no_stage_and_no_figure():
    found = re.findall(r"(?:from|import) (rewardlab\.\S+)", TEXT)
    assert found
    assert [name for name in found if name.split(".")[1] in ("stages", "figures")] == []


def test_every_stage_has_a_rule_and_every_rule_a_stage():
    named = set(re.findall(r"\*\*stage\(\s*\"([\w.]+)\"", TEXT))
    assert named == modules("stages") - TOOLS


def test_rules_know_which_stages_take_several_cards():
    spread = [
        f"stages.{name}"
        for name in modules("stages")
        if "several_cards=True" in (LIBRARY / "stages" / f"{name.replace('.', '/')}.py").read_text()
    ]
    assert set(spread) == ON_SEVERAL_GPUS <= ON_GPUS
    assert [cards_of("stages.rewards.train", gpus) for gpus in (0, 1, 4)] == [0, 1, 4]
    assert [cards_of("stages.policies.train", gpus) for gpus in (0, 1, 4)] == [0, 1, 1]
    assert cards_of("stages.claims.collect", 4) == 0


def test_every_figure_has_a_rule_and_every_rule_a_figure():
    named = set(re.findall(r"\*\*figure\(\s*\"([\w.]+)\"", TEXT))
    assert named == modules("figures")


def test_every_item_has_a_caption():
    items = set(re.findall(r"item=\"(\w+/\w+)\"", TEXT)) - {"none/none"}
    items |= set(re.findall(r"tables/(\w+/\w+)\.csv\", \*\*ITEM", TEXT))
    assert len(items) > 20
    for item in items:
        assert (ROOT / "workflow/report" / f"{item}.rst").is_file(), item


def test_common_rules_know_no_figure_by_name():
    text = (ROOT / "workflow/rules/common.smk").read_text() + (LIBRARY / "rules.py").read_text()
    assert re.findall(r"fig\d+|table\d", text) == []


def test_init_files_are_empty_and_everywhere():
    folders = {path.parent for path in LIBRARY.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
    assert [path for path in LIBRARY.rglob("__init__.py") if path.read_text().strip()] == []


@pytest.mark.parametrize("path", sorted((LIBRARY / "figures").glob("*/[a-z]*.py")), ids=str)
def test_a_figure_reads_its_table_alone(path):
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("rewardlab")
    }
    allowed = ("rewardlab.figures", "rewardlab.world", "rewardlab.evaluation")
    assert [name for name in imported if not name.startswith(allowed)] == []


def test_printed_numbers_stand_in_one_place():
    """Those that cannot be anything else: three significant digits or more."""
    printed = (ROOT / "workflow/printed.yaml").read_text()
    numbers = set(re.findall(r"(?<![\w.])\d+\.\d{2,}(?![\w.])", printed))
    numbers = {number for number in numbers if len(number.replace(".", "").strip("0")) >= 3}
    assert {"4.643", "0.012", "3.86"} & numbers
    texts = [*ROOT.glob("workflow/report/**/*.rst"), ROOT / "workflow/ledger.yaml"]
    found = [
        (path.name, number)
        for path in texts
        for number in numbers
        if re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", path.read_text())
    ]
    assert found == []
    assert yaml.safe_load(printed)
