"""What a user sees who makes a mistake."""

import gzip
import hashlib
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
    assert run.rules == {"fetch_source", "read_preferences"}
    table = pd.read_parquet(checkout.path("results/embedded/preferences/mine.parquet"))
    assert table.drop(columns="split").to_dict("records") == [PAIR] * 3
    assert table.split.nunique() == 1


def test_a_file_that_is_edited_inside_a_folder_is_read_again(checkout):
    """Whatever the folder's own time says; and the origin names every file with its hash."""
    folder = checkout.path("mine")
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (folder / name).write_text(json.dumps(PAIR) + "\n")
    checkout.path("mine.yaml").write_text("data: {preferences: {mine: {path: mine}}}")
    target = "results/embedded/preferences/mine.parquet"

    def read():
        run = checkout.run("--configfile=mine.yaml", target, scale="-p")
        assert run.code == 0, run.text
        return run.rules, pd.read_parquet(checkout.path(target)).chosen.tolist()

    both = {"fetch_source", "read_preferences"}
    assert read() == (both, ["good", "good"])
    assert read() == (set(), ["good", "good"])
    (folder / "b.jsonl").write_text(json.dumps(PAIR | {"chosen": "fine"}) + "\n")
    assert read() == (both, ["good", "fine"])
    (folder / "b.jsonl").touch()
    assert read()[0] == set()
    inputs = json.loads(checkout.path(target).with_suffix(".json").read_text())["inputs"]
    digest = hashlib.sha256((folder / "b.jsonl").read_bytes()).hexdigest()
    assert inputs[str(folder / "b.jsonl")] == digest
    assert not list(checkout.path("results").rglob(".*"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--configfile=nowhere.yaml"], "--configfile: nowhere.yaml cannot be read (No such file"),
        (["--configfile=README.md"], "--configfile: README.md"),
        (["--config", "a.b=1"], "--config a.b=1: 'a.b' is no key of the first level"),
        (["--config", "seed=abc"], "--config: seed is 'abc'; expected an integer."),
        (
            ["uncertainty_fig33"],
            "no rule makes uncertainty_fig33; the nearest are uncertainty_fig3",
        ),
        (
            ["--config", 'data={"preferences": {"mine": {"path": "nofile"}}}'],
            "--config: data.preferences.mine.path is 'nofile'; there is no such file or folder",
        ),
    ],
)
def test_what_snakemake_cannot_say_well_is_one_sentence(checkout, words, expected):
    run = checkout.run("-n", *words, scale="-p")
    assert run.code == 1
    (line,) = lines_of(run)
    assert line.startswith(expected), line


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
