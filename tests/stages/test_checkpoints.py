"""Language models that are trained go on after a kill, and come out the same."""

import json
import random

import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

from rewardlab.data import checkpoints
from rewardlab.data.manifest import write_manifest
from rewardlab.settings.data import FineTuningSettings, PretrainingSettings, SplitSettings
from rewardlab.stages.data.fine_tune import fine_tune
from rewardlab.stages.data.pretrain import pretrain
from rewardlab.world.tokenizer import build_tokenizer

TOKENIZER = build_tokenizer()


class Killed(BaseException):
    """Nothing that a stage would catch."""


@pytest.fixture
def killed_at(monkeypatch):
    """Return what has the next training stop behind its so-manieth checkpoint."""

    def arm(number: int) -> None:
        def on_save(self, args, state, control, **kwargs):
            whole(self, args, state, control, **kwargs)
            saves.append(state.global_step)
            if len(saves) == number:
                raise Killed

        saves: list[int] = []
        monkeypatch.setattr(checkpoints.MarkComplete, "on_save", on_save)

    whole = checkpoints.MarkComplete.on_save
    yield arm
    monkeypatch.undo()


@pytest.fixture
def texts(tmp_path):
    """The manifest of a file of texts."""
    rng = random.Random(0)
    words = ["the", "lamp", "soup", "was", "good", "bad", "and", "warm"]
    rows = [{"text": " ".join(rng.choices(words, k=rng.randint(6, 30)))} for _ in range(120)]
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write_manifest(tmp_path / "texts.json", folder)
    return tmp_path / "texts.json"


def weights(folder) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def tuned(tmp_path, texts, name: str):
    home = tmp_path / name
    (home / "state").mkdir(parents=True, exist_ok=True)
    fine_tune(
        tmp_path / "model",
        [texts],
        home / "tuned",
        home / "tuned.json",
        home / "measured.csv",
        home / "state",
        FineTuningSettings(
            sources={"mine": {"path": "texts"}},
            epochs=1.0,
            batch_size=4,
            learning_rate=1e-3,
            max_length=16,
        ),
        SplitSettings(evaluation=0.0, judge=0.0),
        0,
    )
    return weights(home / "tuned")


def test_fine_tuning_that_is_killed_goes_on_dropout_and_all(
    tmp_path, texts, killed_at, monkeypatch
):
    monkeypatch.setattr("rewardlab.stages.data.fine_tune.CHECKPOINT_STEPS", 10)
    torch.manual_seed(0)
    size = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 32}
    GPT2LMHeadModel(GPT2Config(vocab_size=len(TOKENIZER), **size)).save_pretrained(
        tmp_path / "model"
    )
    TOKENIZER.save_pretrained(tmp_path / "model")
    whole = tuned(tmp_path, texts, "whole")
    killed_at(2)
    with pytest.raises(Killed):
        tuned(tmp_path, texts, "killed")
    assert not (tmp_path / "killed" / "tuned").exists()
    torch.manual_seed(99)  # where a new process may stand
    killed_at(100)
    again = tuned(tmp_path, texts, "killed")
    assert all(torch.equal(value, again[name]) for name, value in whole.items())
    kinds = {path.suffix for path in (tmp_path / "killed" / "state").rglob("*") if path.is_file()}
    assert kinds <= {".json", ".safetensors", ""}


def learned(tmp_path, texts, name: str):
    home = tmp_path / name
    (home / "state").mkdir(parents=True, exist_ok=True)
    pretrain(
        texts,
        home / "model",
        home / "model.json",
        home / "table.csv",
        home / "state",
        PretrainingSettings(
            vocabulary=300,
            positions=8,
            layers=1,
            width=16,
            heads=2,
            texts=100,
            steps=30,
            batch_size=4,
            learning_rate=1e-3,
        ),
        0,
    )
    return weights(home / "model")


def test_pretraining_that_is_killed_goes_on(tmp_path, texts, killed_at, monkeypatch):
    monkeypatch.setattr("rewardlab.stages.data.pretrain.CHECKPOINT_STEPS", 10)
    whole = learned(tmp_path, texts, "whole")
    killed_at(2)
    with pytest.raises(Killed):
        learned(tmp_path, texts, "killed")
    torch.manual_seed(99)
    killed_at(100)
    again = learned(tmp_path, texts, "killed")
    assert all(torch.equal(value, again[name]) for name, value in whole.items())
