"""Reward models at the embedded scale: ten heads against one, and features against a plain pass."""

import time

import pytest
import torch
from transformers import GPT2Config, GPT2ForSequenceClassification

from rewardlab.rewards.chunks import rows_in_parts
from rewardlab.rewards.heads import fit_bootstrap_heads, fit_paper_heads
from rewardlab.rewards.texts import encode
from rewardlab.rewards.training import train_reward_model
from rewardlab.rewards.trunk import forward, load_reward_model, without_last_layer
from rewardlab.settings.rewards import (
    BootstrapHeadsSettings,
    PaperHeadsSettings,
    RewardModelSettings,
)
from rewardlab.settings.world import WorldSettings
from rewardlab.world.grammar import Speaker, all_prompts
from rewardlab.world.tokenizer import build_tokenizer

PAPER = PaperHeadsSettings(
    initial_deviation=0.5,
    learning_rate=0.01,
    weight_decay=0.001,
    batch_size=32,
    epochs=4.0,
    trained_head=False,
    stop_loss=0.0,
)
SINGLE = RewardModelSettings(
    learning_rate=1e-3,
    weight_decay=0.001,
    batch_size=32,
    schedule="cosine",
    epochs=1.0,
    stop_loss=0.0,
    smoothing=50,
    checkpoint_steps=1000,
)


@pytest.fixture(scope="module", autouse=True)
def one_core():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def differences():
    """Features of the embedded scale's size: 4,000 pairs, 64 wide."""
    return torch.randn(4000, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def reward_model(tmp_path_factory):
    """A reward model of the embedded scale's size, and the token rows of 8,000 texts."""
    tokenizer = build_tokenizer()
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=32,
        n_embd=64,
        n_layer=2,
        n_head=4,
        num_labels=1,
        pad_token_id=tokenizer.pad_token_id,
    )
    folder = tmp_path_factory.mktemp("reward_model")
    torch.manual_seed(0)
    GPT2ForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    model, tokenizer = load_reward_model(folder)
    dialect = {"share": 0.12, "value": "equal", "coverage": "heterogeneous"}
    speaker = Speaker(WorldSettings(seed=0, overall_weights=(1.0, 1.0), dialect=dialect))
    import numpy as np

    rng = np.random.default_rng(0)
    prompts = all_prompts()
    asked = [prompts[index] for index in rng.integers(len(prompts), size=8000)]
    texts = encode(tokenizer, [p.text for p in asked], list(speaker.answers(asked, rng)), 32)
    return model, tokenizer, texts


@pytest.mark.parametrize("heads", [1, 10])
def test_paper_heads_on_cached_features(benchmark, differences, heads):
    """Ten heads: at most 1.5 times the time of one."""
    benchmark.pedantic(fit_paper_heads, args=(differences, heads, PAPER, 0), rounds=5)


@pytest.mark.parametrize("heads", [1, 10])
def test_bootstrap_heads_on_cached_features(benchmark, differences, heads):
    settings = BootstrapHeadsSettings(prior_deviation=0.5)
    benchmark.pedantic(fit_bootstrap_heads, args=(differences, heads, settings, 0), rounds=3)


def test_one_of_ten_whole_models(benchmark, reward_model, tmp_path):
    """One epoch of one model, trained whole: ten heads with their features against ten of these."""
    model, tokenizer, texts = reward_model
    sides = texts[:4000], texts[4000:]
    arguments = (model, tokenizer, *sides, SINGLE, 0, tmp_path)
    benchmark.pedantic(train_reward_model, args=arguments, rounds=1)


def test_features_of_the_same_pairs(benchmark, reward_model, tmp_path):
    model, tokenizer, texts = reward_model

    def extract():
        state = tmp_path / str(time.monotonic_ns())
        with without_last_layer(model):
            rows_in_parts(
                lambda rows: forward(model, tokenizer, rows), texts, 256, 8192, state, "features"
            )

    benchmark.pedantic(extract, rounds=5)


def test_a_plain_forward_pass_of_the_same_pairs(benchmark, reward_model):
    """The token rate that extraction is held to: the same batches, nothing kept."""
    model, tokenizer, texts = reward_model
    ordered = sorted(texts, key=len)
    batches = [ordered[start : start + 256] for start in range(0, len(ordered), 256)]

    def plain():
        for rows in batches:
            forward(model, tokenizer, rows)

    benchmark.pedantic(plain, rounds=5)
