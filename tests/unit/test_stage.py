"""A stage's signature as its command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rewardlab.running import stage as module
from rewardlab.running.stage import Input, Inputs, Output, Outputs, State, main, stage
from rewardlab.settings.types import Count, Seed, SettingsModel


class Sizes(SettingsModel):
    """Required settings."""

    width: Count
    """Width."""


class Plain(SettingsModel):
    """Settings that all have defaults."""

    batch_size: Count = 32
    """Texts per pass."""
    names: tuple[str, ...] = ("a",)
    """Names."""


@stage
def example(
    table: Input,
    copy: Output,
    settings: Sizes,
    seed: Seed,
    factor: float,
    label: str,
    cells: list[tuple[int, int]],
    others: Inputs = (),
) -> None:
    text = table.read_text() + "".join(path.read_text() for path in others)
    copy.write_text(f"{text} {settings.width} {seed} {factor} {label} {cells}")


@stage
def several(tables: Inputs, copies: Outputs, state: State, options: Plain) -> None:
    assert state.is_dir()
    for table, copy in zip(tables, copies, strict=True):
        copy.write_text(f"{table.read_text()} {options.batch_size} {options.names}")


@pytest.fixture(autouse=True)
def no_source(monkeypatch):
    """This module is not one of the library's: it has no fingerprint."""
    monkeypatch.setattr(module, "fingerprint", lambda name: {})


@pytest.fixture
def given(tmp_path):
    (tmp_path / "in.txt").write_text("in")
    return {
        "table": tmp_path / "in.txt",
        "copy": tmp_path / "out.txt",
        "settings": '{"width": 3}',
        "seed": 5,
        "factor": "1e-05",
        "label": "1e-05",
        "cells": "[[0, 1], [2, 3]]",
        "provenance": tmp_path / "out.json",
    }


def words(given):
    return [str(word) for name, value in given.items() for word in (f"--{name}", value)]


def test_a_stage_is_a_function_and_a_program(given, tmp_path):
    main(example, words(given))
    assert (tmp_path / "out.txt").read_text() == "in 3 5 1e-05 1e-05 [(0, 1), (2, 3)]"
    example(
        given["table"], tmp_path / "again.txt", Sizes(width=3), 5, 1e-5, "1e-05", [(0, 1), (2, 3)]
    )
    assert (tmp_path / "again.txt").read_text() == (tmp_path / "out.txt").read_text()


def test_the_origin_has_what_the_result_depends_on(given, tmp_path):
    main(example, words(given))
    origin = json.loads((tmp_path / "out.json").read_text())
    assert origin["settings"]["settings"] == {"width": 3}
    assert origin["settings"]["seed"] == 5
    assert list(origin["inputs"]) == [str(given["table"])]


def test_settings_from_a_file(given, tmp_path):
    (tmp_path / "mine.yaml").write_text("width: 7\n")
    main(example, words({**given, "settings": tmp_path / "mine.yaml"}))
    assert (tmp_path / "out.txt").read_text().startswith("in 7 ")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"settings": '{"widht": 3}'}, "--settings: widht (value 3) is not a known key; the near"),
        ({"settings": "nowhere.yaml"}, "nowhere.yaml cannot be read as JSON or YAML: No such"),
        ({"settings": "{width"}, "--settings, line 1: not valid YAML"),
        ({"seed": -1}, "--seed is -1; expected at least 0."),
        ({"factor": "many"}, "--factor is 'many'; expected a number."),
        ({"cells": "[[0]]"}, "--cells 0 is [0]; expected a list of at least 2 values."),
        ({"table": "nowhere.csv"}, "nowhere.csv is missing; it is an input of"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_left(given, tmp_path, changes, expected):
    with pytest.raises(SystemExit) as error:
        main(example, words({**given, **changes}))
    assert expected in str(error.value), error.value
    assert not (tmp_path / "out.txt").exists()
    assert not list(tmp_path.glob("*.partial"))


def test_several_files_plain_flags_and_a_state_that_goes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    call = ["--tables", *(str(tmp_path / name) for name in ("a", "b"))]
    call += ["--copies", *(str(tmp_path / name) for name in ("c", "d"))]
    main(several, [*call, "--batch-size", "4", "--options", '{"batch_size": 2, "names": ["x"]}'])
    assert (tmp_path / "d").read_text() == "b 4 ('x',)"  # the plain flag goes first
    assert not list(tmp_path.glob(".*.state"))


def test_an_error_that_was_not_foreseen_names_its_log(tmp_path):
    (tmp_path / "a").write_text("a")
    call = ["--tables", str(tmp_path / "a"), "--copies", str(tmp_path / "b"), str(tmp_path / "c")]
    with pytest.raises(SystemExit, match=r"stopped with an unexpected ValueError: .*traceback in"):
        main(several, [*call, "--log", str(tmp_path / "log")])
    assert "Traceback" in (tmp_path / "log").read_text()
    assert not (tmp_path / "b").exists()


def test_a_parameter_without_a_type_is_refused():
    with pytest.raises(TypeError, match="the parameter table has no type"):

        @stage
        def untyped(table) -> None: ...


def test_nothing_is_written_twice_or_over_what_is_read(given, tmp_path):
    with pytest.raises(SystemExit, match=r"in\.txt is a file to read and a file to write"):
        main(example, words({**given, "copy": given["table"]}))
    with pytest.raises(SystemExit, match=r"out\.txt is named twice as a file to write"):
        main(example, words({**given, "provenance": given["copy"]}))
    assert given["table"].read_text() == "in"
    assert not given["copy"].exists()


@pytest.mark.parametrize(
    "options", [["--help"], ["--claims", "nowhere.csv", "--counts", "counts"], ["--nonsense"]]
)
def test_a_job_does_what_the_stage_as_a_program_does(options):
    """The same words on the same streams, and the same end."""
    library = Path(module.__file__).parents[2]
    ends = [
        subprocess.run(
            [sys.executable, "-m", *start, *options],
            env=os.environ | {"PYTHONPATH": str(library)},
            capture_output=True,
            text=True,
        )
        for start in (
            ["rewardlab.job", "stages.simulation.bandit"],
            ["rewardlab.stages.simulation.bandit"],
        )
    ]
    job, program = [(end.returncode, end.stdout, end.stderr) for end in ends]
    assert job == program
    assert "stages.simulation.bandit" in program[1] + program[2]
