"""Process reward models on step labels of one's own: read, trained, held to held-out steps."""

import json

import pandas as pd
import pytest
from transformers import AutoModelForTokenClassification, GPT2Config, GPT2LMHeadModel

from rewardlab.data.manifest import write_manifest
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.data.steps import Steps, read_steps
from rewardlab.rewards.process import encode_steps
from rewardlab.rewards.solutions import IGNORED
from rewardlab.running.errors import UserError
from rewardlab.settings.data import SplitSettings
from rewardlab.settings.tokens import ProcessSettings, TokenTrainingSettings
from rewardlab.stages.steps.read import read
from rewardlab.stages.steps.tabulate import tabulate
from rewardlab.stages.steps.train import train
from rewardlab.world.language_model import word_tokenizer

WORDS = ("add", "take", "good", "bad", "#", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7")
SETTINGS = ProcessSettings(
    inputs="solutions",
    separator=" #",
    max_length=32,
    training=TokenTrainingSettings(epochs=1.0, batch_size=4, learning_rate=1e-2),
)


def rows(*fields):
    return [(f"steps.jsonl, line {number}", row) for number, row in enumerate(fields, start=1)]


def test_both_forms_of_step_labels():
    stepwise = {"prompt": "p", "completions": ["a", "b"], "labels": [True, False]}
    rated = {"prompt": "p", "completions": ["a"], "next": "c", "label": -1}
    missing = {"prompt": "p", "completions": [], "next": "d", "label": None}
    assert list(read_steps(rows(stepwise, rated, missing))) == [
        Steps("p", ("a", "b"), (1, 0)),
        Steps("p", ("a", "c"), (None, -1)),
        Steps("p", ("d",), (None,)),
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"completions": ["a", "b"], "labels": [1]}, "line 1: 1 labels for 2 steps; expected one"),
        ({"completions": ["a"], "labels": ["good"]}, "the label is 'good'; expected true, false"),
        ({"completions": ["a"], "labels": [float("inf")]}, "the label is inf; expected true"),
        ({"completions": ["a"], "labels": [0.5]}, "the label is 0.5; expected true, false or a"),
        ({"completions": "a", "labels": [1]}, "completions: expected a list of texts"),
        ({"completions": ["a"]}, "labels: expected a list, a label for each step"),
        ({"completions": ["a"], "next": 3}, "next: expected a text, the step that is rated"),
    ],
)
def test_what_is_wrong_with_step_labels(fields, said):
    with pytest.raises(UserError, match=said):
        list(read_steps(rows({"prompt": "p", **fields})))


@pytest.fixture
def trunk(tmp_path):
    folder = tmp_path / "trunk"
    tokenizer = word_tokenizer(WORDS, 32)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=32, n_embd=8, n_layer=1, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_manifest(tmp_path / "trunk.json", folder)
    return tmp_path / "trunk.json"


def test_whole_solutions_and_prefixes(trunk):
    tokenizer = load_tokenizer(trunk.with_suffix(""))
    given = [Steps("p0", ("add good", "take bad"), (1, -1)), Steps("p1", ("add",), (None,))]
    whole = encode_steps(tokenizer, given, [-1, 1], " #", 32, "solutions")
    words = tokenizer.convert_ids_to_tokens(whole.rows[0])
    assert words == ["p0", "add", "good", "#", "take", "bad", "#"]
    assert [label for label in whole.labels[0] if label != IGNORED] == [1, 0]
    assert whole.labels[0][3] == 1
    assert len(whole.rows) == 1
    parts = encode_steps(tokenizer, given, [-1, 1], " #", 32, "prefixes")
    assert [len(row) for row in parts.rows] == [4, 7]
    assert [sum(label != IGNORED for label in row) for row in parts.labels] == [1, 1]
    assert parts.steps == [(0, 0), (0, 1)]
    cut = encode_steps(tokenizer, given, [-1, 1], " #", 3, "solutions")
    assert cut.cut == 1
    assert cut.steps == [(0, 1)]
    empty = [Steps("p0", ("add", "", "bad"), (1, 1, -1))]
    found = encode_steps(tokenizer, empty, [-1, 1], " ", 32, "solutions")
    assert found.steps == [(0, 0), (0, 2)]
    assert len(found.labels[0]) == len(found.rows[0]) == 3


def test_step_labels_of_ones_own_become_a_model(trunk, tmp_path):
    (tmp_path / "source").mkdir()
    file = tmp_path / "source/steps.jsonl"
    lines = [
        {"question": f"p{n % 8}", "so_far": ["add good"], "next": step, "rating": rating}
        for n in range(24)
        for step, rating in (("take good", 1), ("take bad", -1), ("add", 0), ("bad", None))
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    write_manifest(tmp_path / "source.json", file.parent)
    columns = {"prompt": "question", "completions": "so_far", "label": "rating", "next": "next"}
    steps = tmp_path / "steps.parquet"
    read(tmp_path / "source.json", steps, SplitSettings(evaluation=0.5, judge=0.0), columns)
    assert set(pd.read_parquet(steps).split) == {"train", "evaluation"}
    state = tmp_path / "state"
    state.mkdir()
    model, manifest = tmp_path / "model", tmp_path / "model.json"
    train(trunk, steps, model, manifest, tmp_path / "cost.csv", state, SETTINGS, 0)
    loaded = AutoModelForTokenClassification.from_pretrained(model)
    assert loaded.config.id2label == {0: "-1", 1: "0", 2: "1"}
    table, findings = tmp_path / "table.csv", tmp_path / "table.rst"
    tabulate(table, findings, SETTINGS, ["mine"], [manifest], [steps])
    table = pd.read_csv(table)
    shown = table.set_index("name").value
    assert shown["one at random"] == pytest.approx(1 / 3)
    assert shown.between(0, 1).all()
    assert len(table) == 4


def test_without_step_labels_there_is_nothing_to_draw(tmp_path):
    with pytest.raises(UserError, match=r"data.steps names no set; expected step labels"):
        tabulate(tmp_path / "table.csv", tmp_path / "table.rst", SETTINGS, [])


def test_one_label_alone_teaches_nothing(trunk, tmp_path):
    steps = tmp_path / "steps.parquet"
    table = {"prompt": ["p0"], "steps": [["add"]], "labels": [[1]], "split": ["train"]}
    pd.DataFrame(table).to_parquet(steps)
    state = tmp_path / "state"
    state.mkdir()
    with pytest.raises(UserError, match="steps with the label 1 alone; expected two or more"):
        train(
            trunk,
            steps,
            *(tmp_path / name for name in ("m", "m.json", "c.csv")),
            state,
            SETTINGS,
            0,
        )
