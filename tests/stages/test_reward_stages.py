"""Reward models of several architectures, and stages that are killed and go on."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    GemmaConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    T5Config,
)

from rewardlab.rewards.chunks import rows_in_parts
from rewardlab.rewards.texts import encode, prepare_tokenizer
from rewardlab.rewards.training import train_reward_model
from rewardlab.rewards.trunk import (
    check_length,
    forward,
    load_reward_model,
    set_heads,
    without_last_layer,
)
from rewardlab.running.devices import DEVICE
from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import PROCESSES
from rewardlab.settings.rewards import RewardModelSettings
from rewardlab.stages.rewards.tabulate_texts import counted
from rewardlab.world.tokenizer import build_tokenizer

TOKENIZER = build_tokenizer()
SIZE = {"vocab_size": len(TOKENIZER), "pad_token_id": TOKENIZER.pad_token_id}
SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
CONFIGS = {
    "GPT-2": GPT2Config(**SIZE, n_embd=16, n_layer=2, n_head=2, n_positions=64),
    "Llama": LlamaConfig(**SIZE, **SMALL, num_attention_heads=2),
    "Gemma": GemmaConfig(**SIZE, **SMALL, num_attention_heads=2, num_key_value_heads=1, head_dim=8),
    "BERT": BertConfig(**SIZE, **SMALL, num_attention_heads=2),
    "T5": T5Config(
        **SIZE,
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        eos_token_id=TOKENIZER.eos_token_id,
        decoder_start_token_id=0,
    ),
}
PROMPTS = ["please mend the lamp ?", "show me how to cook the soup ?", "help me trim my rose ?"]
RESPONSES = ["take the hammer and work slowly .", "sorry , i cannot help with that .", "wait ."]


@pytest.fixture(params=CONFIGS, scope="module")
def folder(request, tmp_path_factory):
    """A tiny reward model of an architecture, saved with a tokenizer."""
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    config.num_labels = 1
    path = tmp_path_factory.mktemp(request.param)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(path)
    TOKENIZER.save_pretrained(path)
    return path


def test_padding_changes_no_reward(folder):
    model, tokenizer = load_reward_model(folder)
    rows = encode(tokenizer, PROMPTS, RESPONSES, 32)
    together = forward(model, tokenizer, rows)
    for index, row in enumerate(rows):
        assert torch.allclose(forward(model, tokenizer, [row])[0], together[index], atol=1e-5)


def test_features_and_heads_make_the_ensemble_that_from_pretrained_loads(folder, tmp_path):
    model, tokenizer = load_reward_model(folder)
    rows = encode(tokenizer, PROMPTS, RESPONSES, 32)
    with without_last_layer(model):
        features = forward(model, tokenizer, rows)
    weights = torch.randn(10, features.shape[1], generator=torch.Generator().manual_seed(0))
    set_heads(model, weights)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    assert plain.config.num_labels == 10
    batch = AutoTokenizer.from_pretrained(tmp_path).pad({"input_ids": rows}, return_tensors="pt")
    with torch.inference_mode():
        rewards = plain(**batch).logits
    assert torch.allclose(rewards, features @ weights.T, atol=1e-5)


def test_the_rewards_learn_a_simple_preference(folder, tmp_path):
    """Slowly before quickly: every architecture can learn that from forty pairs, by TRL."""
    torch.manual_seed(0)
    model, tokenizer = load_reward_model(folder, heads=1)
    prompts = PROMPTS * 14
    sides = [
        encode(tokenizer, prompts, [f"work {word} ."] * len(prompts), 32)
        for word in ("slowly", "quickly")
    ]
    settings = training(learning_rate=1e-2, epochs=12.0, stop_loss=0.2, smoothing=5)
    losses = train_reward_model(model, tokenizer, *sides, settings, 0, tmp_path)
    chosen, rejected = (forward(model, tokenizer, side[:3]) for side in sides)
    assert (chosen > rejected).all()
    assert losses[-5:].mean() <= 0.2
    assert losses[-6:-1].mean() > 0.2, "training went on after the smoothed loss had come down"


def training(**changes):
    values = {
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "batch_size": 8,
        "schedule": "cosine",
        "epochs": 2.0,
        "stop_loss": 0.0,
        "smoothing": 5,
        "checkpoint_steps": 1000,
    }
    return RewardModelSettings(**(values | changes))


def test_texts_end_in_the_end_token_and_keep_their_end():
    tokenizer = build_tokenizer()
    tokenizer.truncation_side = "left"
    row, short = encode(tokenizer, PROMPTS[:1] * 2, RESPONSES[:2], 9)
    assert len(row) == 9
    assert row[-1] == short[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(row[:-1]) == "? take the hammer and work slowly ."


def test_a_chat_template_is_used():
    tokenizer = build_tokenizer()
    tokenizer.chat_template = (
        "{% for m in messages %}{{ 'you ' if m.role == 'user' else 'i ' }}{{ m.content }} "
        "{% endfor %}"
    )
    (row,) = encode(tokenizer, ["please mend the lamp ?"], ["work slowly ."], 32)
    assert tokenizer.decode(row) == "you please mend the lamp ? i work slowly ."


def test_a_loss_that_is_not_finite_stops_the_training_with_its_step(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "model"
    AutoModelForSequenceClassification.from_config(CONFIGS["GPT-2"]).save_pretrained(path)
    TOKENIZER.save_pretrained(path)
    model, tokenizer = load_reward_model(path, heads=1)
    model.score.weight.data.fill_(float("nan"))
    sides = [encode(tokenizer, PROMPTS * 4, RESPONSES * 4, 32)] * 2
    with pytest.raises(UserError, match="the loss at step 1 is nan"):
        train_reward_model(model, tokenizer, *sides, training(), 0, tmp_path / "state")


def test_rows_come_back_in_order_and_parts_are_not_computed_twice(tmp_path):
    texts = [[n] * (1 + n % 7) for n in range(50)]
    calls = []

    def compute(rows):
        calls.append(len(rows))
        if len(calls) == 4:
            raise RuntimeError("killed")
        return torch.tensor([[float(row[0]), float(len(row))] for row in rows])

    arguments = (texts, 5, 10, tmp_path, "testing")
    with pytest.raises(RuntimeError):
        rows_in_parts(compute, *arguments)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    rows = rows_in_parts(compute, *arguments)
    assert rows.tolist() == [[float(n), float(1 + n % 7)] for n in range(50)]
    assert len(calls) == 4 + 8  # two calls a part, four parts left


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_named(tmp_path, bad):
    texts = [[n] * (n + 1) for n in range(6)]

    def compute(rows):
        return torch.tensor([[bad if row[0] == 4 else 1.0] for row in rows])

    with pytest.raises(UserError, match=r"text 4 \(counted from 0\)"):
        rows_in_parts(compute, texts, 2, 4, tmp_path, "testing")
    done = {float(row) for file in tmp_path.glob("*") for row in load_file(file)["rows"]}
    assert done == {1.0}


# Kills, with the stages as programs.


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """A small trunk and preference pairs, on disk."""
    home = tmp_path_factory.mktemp("material")
    torch.manual_seed(0)
    AutoModelForSequenceClassification.from_config(CONFIGS["GPT-2"]).save_pretrained(home / "trunk")
    TOKENIZER.save_pretrained(home / "trunk")
    table = pd.DataFrame({"prompt": PROMPTS * 200, "chosen": RESPONSES * 200})
    table["rejected"] = "just use the torch quickly ."
    table["split"] = "train"
    table.to_parquet(home / "pairs.parquet")
    return home


def program(stage: str, material: Path, home: Path, settings: str, outputs: dict, inputs: dict):
    call = [sys.executable, "-m", f"rewardlab.stages.{stage}", "--settings", settings]
    for name, path in inputs.items():
        call += [f"--{name}", str(material / path)]
    for name, path in outputs.items():
        call += [f"--{name}", str(home / path)]
    return [*call, "--log", str(home / "log")]


ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(Path(__file__).parents[2] / "workflow"),
    "OMP_NUM_THREADS": "1",
}


def start(call):
    return subprocess.Popen(call, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)


def finish(call) -> None:
    process = start(call)
    error = process.communicate(timeout=300)[1]
    assert process.returncode == 0, error


def kill_when(call, ready) -> None:
    process = start(call)
    while not ready():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_training_that_is_killed_goes_on_and_gives_the_same_model(material, tmp_path):
    settings = training(epochs=2.0, checkpoint_steps=10).model_dump_json()
    outputs = {"model": "m", "manifest": "m.json", "losses": "l.csv", "measured": "c_measured.csv"}
    inputs = {"trunk": "trunk", "preferences": "pairs.parquet"}
    homes = {name: tmp_path / name for name in ("whole", "killed")}
    calls = {}
    for name, home in homes.items():
        home.mkdir()
        call = program("rewards.train", material, home, settings, outputs, inputs)
        calls[name] = [*call, "--seed", "5", "--max-length", "32"]
    finish(calls["whole"])
    home = homes["killed"]

    def steps_kept() -> int:
        markers = home.glob(".*.state/checkpoint-*/complete")
        return max((int(marker.parent.name.split("-")[1]) for marker in markers), default=0)

    for least in (10, 30):
        kill_when(calls["killed"], lambda least=least: steps_kept() >= least)
        assert not (home / "m").exists()
    finish(calls["killed"])
    first, second = (load_file(home / "m" / "model.safetensors") for home in homes.values())
    assert all(torch.equal(first[name], second[name]) for name in first)
    losses = [(home / "l.csv").read_text() for home in homes.values()]
    assert losses[0] == losses[1]
    assert pd.read_csv(homes["killed"] / "c_measured.csv").attempts[0] == 3
    assert not list(homes["killed"].glob(".*.state"))
    kinds = {path.suffix for path in homes["killed"].rglob("*") if path.is_file()}
    assert kinds <= {".json", ".csv", ".safetensors", ""}


def by_two_processes(material, home, **changed) -> tuple[list[str], dict[str, str]]:
    """Return a training on two cards, as far as a machine without any can have it."""
    settings = training(epochs=1.0, checkpoint_steps=10, **changed).model_dump_json()
    outputs = {"model": "m", "manifest": "m.json", "losses": "l.csv", "measured": "c_measured.csv"}
    inputs = {"trunk": "trunk", "preferences": "pairs.parquet"}
    call = program("rewards.train", material, home, settings, outputs, inputs)
    call += ["--seed", "5", "--max-length", "32"]
    return call, ENVIRONMENT | {PROCESSES: "2", DEVICE: "cpu"}


@pytest.fixture(scope="module")
def shared(material, tmp_path_factory):
    """What two processes have trained together."""
    home = tmp_path_factory.mktemp("shared")
    call, environment = by_two_processes(material, home)
    done = subprocess.run(call, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return home


def assert_like(home: Path, other: Path) -> None:
    """Losses and rewards agree but for the last digits."""
    first, second = (pd.read_csv(place / "l.csv").loss for place in (home, other))
    assert len(first) == len(second)
    assert (first - second).abs().max() < 1e-4
    rewards = []
    for place in (home, other):
        model, tokenizer = load_reward_model(place / "m")
        rewards.append(forward(model, tokenizer, encode(tokenizer, PROMPTS, RESPONSES, 32)))
    torch.testing.assert_close(*rewards, atol=1e-3, rtol=1e-3)


def test_two_processes_train_what_one_trains(material, shared, tmp_path):
    call, environment = by_two_processes(material, tmp_path)
    subprocess.run(call, env=environment | {PROCESSES: "1"}, check=True, capture_output=True)
    assert_like(tmp_path, shared)
    assert not list(shared.glob(".*"))
    assert (shared / "log").read_text().count("rewards.train: done") == 1


def test_a_killed_process_of_several_ends_all_and_training_goes_on(material, shared, tmp_path):
    call, environment = by_two_processes(material, tmp_path)
    process, followers = started_as_several(call, environment, tmp_path)
    os.kill(followers[0], signal.SIGKILL)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    sentence = "rewards.train: process 2 of 2 was ended by signal 9, and so were the others."
    assert said.strip().splitlines()[-1] == sentence
    assert "Traceback" not in said
    assert sentence in (tmp_path / "log").read_text()
    assert not (tmp_path / "m").exists()
    subprocess.run(call, env=environment, check=True, capture_output=True)
    assert_like(tmp_path, shared)


def test_an_interrupted_training_of_several_processes_leaves_none(material, tmp_path):
    call, environment = by_two_processes(material, tmp_path, learning_rate=1e-4)
    process, followers = started_as_several(call, environment, tmp_path)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert said.strip().splitlines()[-1] == "rewards.train was interrupted."
    assert "Traceback" not in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in followers)


def started_as_several(call, environment, home) -> tuple[subprocess.Popen, list[int]]:
    """Return a training that has kept a checkpoint, and the processes that are not the first."""
    process = subprocess.Popen(call, env=environment, stderr=subprocess.PIPE, text=True)
    while not list(home.glob(".*.state/checkpoint-*/complete")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ranks = {pid: Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") for pid in children}
    return process, [int(pid) for pid, given in ranks.items() if b"RANK=1" in given]


def test_features_that_are_killed_go_on_and_are_the_same(material, tmp_path):
    settings = '{"batch_size": 2, "checkpoint_texts": 50}'
    outputs = {"features": "f.safetensors", "measured": "c_measured.csv"}
    inputs = {"model": "trunk", "preferences": "pairs.parquet"}
    homes = {name: tmp_path / name for name in ("whole", "killed")}
    calls = {}
    for name, home in homes.items():
        home.mkdir()
        call = program("rewards.extract_features", material, home, settings, outputs, inputs)
        calls[name] = [*call, "--max-length", "32"]
    finish(calls["whole"])

    def parts() -> list[Path]:
        return list(homes["killed"].glob(".*.state/features/part-*.safetensors"))

    kill_when(calls["killed"], lambda: len(parts()) >= 3)
    assert len(parts()) < 24, "the run had ended before it was killed: there is nothing to test"
    finish(calls["killed"])
    first, second = (load_file(home / "f.safetensors") for home in homes.values())
    assert all(torch.equal(first[name], second[name]) for name in ("chosen", "rejected"))


def test_scoring_ones_own_file(material, tmp_path):
    table = pd.DataFrame({"prompt": PROMPTS, "response": RESPONSES, "mine": [1, 2, 3]})
    table.to_json(tmp_path / "own.jsonl", orient="records", lines=True)
    call = program(
        "rewards.score", material, tmp_path, "{}", {"scores": "s.parquet"}, {"model": "trunk"}
    )
    finish([*call, "--responses", str(tmp_path / "own.jsonl"), "--max-length", "32"])
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert scores.mine.tolist() == [1, 2, 3]
    model, tokenizer = load_reward_model(material / "trunk")
    rewards = forward(model, tokenizer, encode(tokenizer, PROMPTS, RESPONSES, 32))[:, 0]
    assert scores.reward_0.tolist() == pytest.approx(rewards.tolist(), abs=1e-5)


def test_scoring_a_file_without_a_response_names_the_row(material, tmp_path):
    (tmp_path / "own.jsonl").write_text('{"prompt": "p", "response": "r"}\n{"prompt": "p"}\n')
    settings = '{"batch_size": 2, "checkpoint_texts": 50}'
    call = program(
        "rewards.score", material, tmp_path, settings, {"scores": "s.parquet"}, {"model": "trunk"}
    )
    process = start([*call, "--responses", str(tmp_path / "own.jsonl")])
    error = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert "own.jsonl, line 2: the field 'response' is missing; found 'prompt'." in error
    assert "Traceback" not in error


def test_what_is_no_reward_model_is_refused(tmp_path):
    """transformers would go on with weights drawn at random, or a tokenizer without a word."""
    folder = tmp_path / "language model"
    GPT2LMHeadModel(CONFIGS["GPT-2"]).save_pretrained(folder)
    TOKENIZER.save_pretrained(folder)
    with pytest.raises(UserError, match=r"would be drawn at random.*a reward model with its head"):
        load_reward_model(folder)
    load_reward_model(folder, heads=2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"config\.json is missing; it is empty"):
        load_reward_model(tmp_path / "empty")
    bare = shutil.copytree(folder, tmp_path / "bare")
    for file in bare.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(UserError, match="has no tokenizer"):
        load_reward_model(bare, heads=2)
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"x")
    with pytest.raises(UserError, match="is no model that can be read"):
        load_reward_model(broken, heads=2)


def test_a_text_is_not_longer_than_the_models_positions(material):
    model, _ = load_reward_model(material / "trunk")
    check_length(model, 64, material)
    with pytest.raises(UserError, match=r"max_length is 65, but the model in .* reads 64 tokens"):
        check_length(model, 65, material)


def test_ties_empty_responses_and_lost_texts_are_said():
    pairs = pd.DataFrame(
        [(PROMPTS[0], RESPONSES[0], RESPONSES[0]), ("Wombats", "Burrow", "")],
        columns=["prompt", "chosen", "rejected"],
    )
    tokenizer = prepare_tokenizer(build_tokenizer())
    ((row, other), (text, lost)) = counted(tokenizer, ["a", "b"], [pairs[:1], pairs[1:]], 32)
    assert (row["ties"], row["alike"], row["empty"], row["cut"], row["unknown"]) == (1, 1, 0, 0, 0)
    assert (other["ties"], other["empty"], other["texts"]) == (0, 1, 2)
    assert other["unknown"] == 3
    strange = pd.DataFrame({"prompt": ["a"], "chosen": ["Wombats"], "rejected": ["Burrows"]})
    ((unread,), _) = counted(tokenizer, ["a"], [strange], 32)
    assert (unread["ties"], unread["alike"]) == (0, 1)  # unknown words are all one
    assert text.startswith("a: 1 of 1 pairs are ties, and 1 are alike in what is read of them;")
    assert "do not reach" not in text
    assert "**Most of these texts do not reach the reward models.**" in lost
