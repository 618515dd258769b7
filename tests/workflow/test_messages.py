"""What a user sees who makes a mistake."""

import gzip
import json

import pandas as pd
import pytest

NOTICE = "Using workflow specific profile"


def lines_of(run) -> list[str]:
    """Return the lines that a failed run printed, but for snakemake's notice on its profile."""
    return [line for line in run.text.splitlines() if line and not line.startswith(NOTICE)]


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (
            "simulation: {returns: {drws: 5}}",
            "mine.yaml: simulation.returns.drws (value 5) is not a known key; "
            "the nearest known key is draws.",
        ),
        ("world: ", "mine.yaml: world is empty; expected the keys seed, overall_weights, dialect."),
    ],
)
def test_a_bad_setting_is_one_sentence(checkout, overlay, expected):
    checkout.path("mine.yaml").write_text(overlay)
    run = checkout.run("--configfile=mine.yaml", scale="-n")
    assert run.code == 1
    assert lines_of(run) == [expected]


def test_a_bad_setting_on_the_command_line(checkout):
    run = checkout.run("-n", "--config", "sed=1")
    assert run.code == 1
    assert lines_of(run) == [
        "--config: sed (value 1) is not a known key; the nearest known key is seed."
    ]


PAIR = {"prompt": "p", "chosen": "good", "rejected": "bad"}


def test_ones_own_preferences(checkout):
    with gzip.open(checkout.path("pairs.jsonl.gz"), "wt") as file:
        file.write((json.dumps(PAIR) + "\n") * 3)
    checkout.path("mine.yaml").write_text("data: {preferences: {mine: {path: pairs.jsonl.gz}}}")
    run = checkout.run(
        "--configfile=mine.yaml", "results/embedded/preferences/mine.parquet", scale="-p"
    )
    assert run.code == 0, run.text
    assert run.rules == {"read_preferences"}
    table = pd.read_parquet(checkout.path("results/embedded/preferences/mine.parquet"))
    assert table.drop(columns="split").to_dict("records") == [PAIR] * 3
    assert table.split.nunique() == 1


def test_a_broken_row_is_named(checkout):
    checkout.path("pairs.jsonl").write_text(json.dumps(PAIR) + "\n" + '{"prompt": "p"}\n')
    checkout.path("mine.yaml").write_text("data: {preferences: {mine: {path: pairs.jsonl}}}")
    target = "results/embedded/preferences/mine.parquet"
    run = checkout.run("--configfile=mine.yaml", target, scale="-p")
    assert run.code != 0
    assert "pairs.jsonl, line 2: the field 'chosen' is missing; found 'prompt'." in run.text
    assert "Traceback" not in run.text
    assert not checkout.path(target).exists()


def test_rules_are_listed_with_what_they_make(checkout):
    run = checkout.run("--list-target-rules")
    assert run.code == 0
    for rule in ("all", "uncertainty_fig2", "uncertainty_theorems", "world_overview", "claims"):
        assert f"\n{rule} (" in "\n" + run.stdout
