"""docs/results.md is of these claims and these captions, whatever its numbers."""

import re
from pathlib import Path

import yaml

from rewardlab.evaluation.printed import filled
from rewardlab.running.documents import read_yaml
from rewardlab.stages.claims.write_results import claims_table, plain

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/results.md").read_text()


def test_claims_stand_there_in_the_ledgers_order():
    ledger = yaml.safe_load((ROOT / "workflow/ledger.yaml").read_text())
    ids = [claim["id"] for part in ledger.values() for claim in part]
    shown = re.findall(r"^\| ([A-Z]\d+[a-z]?), ", PAGE, re.MULTILINE)
    waiting = re.search(r"^Not run: (.*)\.$", PAGE, re.MULTILINE)[1].split(", ")
    assert shown == [name for name in ids if name in shown]
    assert set(shown) | set(waiting) == set(ids)


def test_every_caption_is_the_reports():
    printed = read_yaml(str(ROOT / "workflow/printed.yaml"))
    items = re.findall(r"^`\w+`: (?:figures|results)/embedded/(\S+)$", PAGE, re.MULTILINE)
    assert len(items) > 30
    for item in items:
        name = Path(item.removeprefix("tables/")).with_suffix(".rst")
        source = ROOT / "workflow/report" / name
        caption = plain(filled(source.read_text(), printed, str(source)))
        assert caption in PAGE, f"{name}: run `snakemake --cores all results_page`"


def test_marks_of_a_table_are_kept_out_of_its_cells():
    import pandas as pd

    row = {"id": "X1", "item": "Table 1", "statement": "P(a | b)\nholds", "printed": float("nan")}
    row |= {"value": 0.123456, "ci_low": 0.1, "ci_high": 0.2, "verdict": "reproduced"}
    assert claims_table(pd.DataFrame([row]))[2] == (
        "| X1, Table 1 | P(a \\| b) holds |  | 0.123 [0.1, 0.2] | reproduced |"
    )
    assert plain("**Bold** and *slanted* <b>.\n\nMore.") == "**Bold** and *slanted* <b>.\n\nMore."
