"""Which chapter takes which architecture, on tiny models with the real classes.

Weights are random, vocabularies are trained here. What is refused is refused in one sentence.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from safetensors.torch import load_file

from rewardlab.data.pretrained import encode_prompts, load_language_model, load_tokenizer
from rewardlab.judging.judges import ask_model
from rewardlab.policies.rollouts import sample_responses
from rewardlab.policies.task import Penalty, evaluate_policy, load_task, train_policy
from rewardlab.rewards.fitting import fit_reward_model
from rewardlab.rewards.scoring import Scorer
from rewardlab.rewards.trunk import load_reward_model, set_heads
from rewardlab.rewards.verifiers import new_token_model, token_outputs
from rewardlab.running.errors import UserError
from rewardlab.settings.policies import PolicyEvaluationSettings, ProxySettings
from rewardlab.settings.ppo import TRL_DEFAULTS, PPOSettings
from rewardlab.settings.rewards import FeatureSettings, RewardModelSettings

TEXTS = [
    "the film was great and the plot was fine .",
    "the story was dull and the cast was poor .",
    "i loved the music , a lovely scene .",
    "i hated the ending , a silly script .",
]
CHAT = (
    "{% for message in messages %}<{{ message['role'] }}> {{ message['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)
SMALL = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2}
ROTARY = {**SMALL, "intermediate_size": 32, "num_key_value_heads": 1, "head_dim": 8}


@dataclass(frozen=True)
class Kind:
    """Configuration and tokenizer classes, sizes, and what the kind can be: speak, give labels."""

    config: str
    tokenizer: str
    sizes: dict
    speaks: bool = True
    labels_tokens: bool = True
    chat: bool = False


# The table: reward models and heads take all of them; policies and judges, those that speak;
# process reward models, those with a class for labels of tokens.
KINDS = {
    "GPT-2": Kind("GPT2Config", "GPT2Tokenizer", {"n_layer": 2, "n_embd": 16, "n_head": 2}),
    "Llama": Kind("LlamaConfig", "LlamaTokenizer", ROTARY),
    "Llama, chat": Kind("LlamaConfig", "LlamaTokenizer", ROTARY, chat=True),
    "Gemma 2": Kind("Gemma2Config", "GemmaTokenizer", {**ROTARY, "sliding_window": 16}),
    "Gemma 3": Kind(
        "Gemma3TextConfig", "GemmaTokenizer", {**ROTARY, "sliding_window": 16}, labels_tokens=False
    ),
    "Qwen 2": Kind("Qwen2Config", "Qwen2Tokenizer", ROTARY, chat=True),
    "T5": Kind(
        "T5Config",
        "T5Tokenizer",
        {"num_layers": 2, "d_model": 16, "d_ff": 32, "num_heads": 2, "d_kv": 8},
        speaks=False,
    ),
    "BERT": Kind("BertConfig", "BertTokenizer", {**SMALL, "intermediate_size": 32}, speaks=False),
    "ModernBERT": Kind(
        "ModernBertConfig", "BertTokenizer", {**SMALL, "intermediate_size": 32}, speaks=False
    ),
}
REWARDS = RewardModelSettings(
    learning_rate=1e-3,
    weight_decay=0.0,
    batch_size=4,
    schedule="constant",
    epochs=1,
    stop_loss=0.0,
    smoothing=1,
    checkpoint_steps=100,
)
READING = FeatureSettings(batch_size=4, checkpoint_texts=100)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder with a tiny model of each kind, made when it is first asked for."""
    root, made = tmp_path_factory.mktemp("kinds"), {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = new_model(KINDS[name], root / name.replace(" ", "_"))
        return made[name]

    return folder


def new_model(kind: Kind, folder: Path) -> Path:
    tokenizer = getattr(transformers, kind.tokenizer)()
    tokenizer = tokenizer.train_new_from_iterator(TEXTS * 10, 300)
    tokenizer.model_max_length = 96
    tokenizer.chat_template = CHAT if kind.chat else None
    special = {
        name: getattr(tokenizer, name)
        for name in ("bos_token_id", "eos_token_id", "pad_token_id")
        if getattr(tokenizer, name) is not None
    }
    sizes = {"vocab_size": len(tokenizer), "max_position_embeddings": 96, **kind.sizes}
    if kind.config == "T5Config":
        sizes["decoder_start_token_id"] = tokenizer.pad_token_id
    config = getattr(transformers, kind.config)(**sizes, **special)
    torch.manual_seed(0)
    auto = transformers.AutoModelForCausalLM if kind.speaks else transformers.AutoModel
    auto.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_reward_models_and_heads(name, folders, tmp_path):
    torch.manual_seed(0)
    model, tokenizer = load_reward_model(folders(name), heads=1)
    pairs = pd.DataFrame({"prompt": "so :", "chosen": TEXTS[::2], "rejected": TEXTS[1::2]})
    pairs = pd.concat([pairs] * 4, ignore_index=True)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    losses = fit_reward_model(
        model, tokenizer, pairs, REWARDS, 64, 0, tmp_path / "training", "pairs"
    )
    assert torch.isfinite(losses).all()
    assert any((before[key] != value).any() for key, value in model.state_dict().items())
    width = load_reward_model(folders(name), heads=1)[0].get_input_embeddings().embedding_dim
    set_heads(model, torch.randn(3, width))
    model.save_pretrained(tmp_path / "heads")
    tokenizer.save_pretrained(tmp_path / "heads")
    scorer = Scorer(tmp_path / "heads", READING, 64, tmp_path / "state")
    rewards = scorer.rewards(["so :"] * 4, TEXTS)
    assert rewards.shape == (4, 3)
    features = scorer.features(["so :"] * 4, TEXTS)
    weights = load_file(tmp_path / "heads/model.safetensors")
    last = next(value for value in weights.values() if value.shape == (3, width))
    np.testing.assert_allclose(features @ last.T, rewards, atol=1e-4)
    alone = scorer.rewards(["so :"], TEXTS[:1], "alone")
    np.testing.assert_allclose(alone, rewards[:1], atol=1e-4)  # padding changes nothing


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.labels_tokens])
def test_process_reward_models(name, folders):
    model = new_token_model(folders(name), 2).eval()
    tokenizer = load_tokenizer(folders(name))
    rows = tokenizer(TEXTS[:2]).input_ids
    outputs = token_outputs(model, rows, tokenizer.pad_token_id or 0)
    assert [output.shape for output in outputs] == [(len(row), 2) for row in rows]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.labels_tokens])
def test_what_gives_no_labels_to_tokens_is_refused(name, folders):
    with pytest.raises(UserError, match="is no model that can be read"):
        new_token_model(folders(name), 2)


SPEAKING = [name for name, kind in KINDS.items() if kind.speaks]
PPO = PPOSettings(
    **TRL_DEFAULTS,
    steps=1,
    batch_size=4,
    minibatch_size=4,
    learning_rate=1e-3,
    averaged=0.5,
    sampling_dropout=False,
    response_tokens=4,
)


@pytest.mark.parametrize("name", SPEAKING)
def test_policies_and_judges(name, folders, tmp_path):
    folder = folders(name)
    prompts = pd.DataFrame({"prompt": ["the film", "i loved the", "a scene"] * 2})
    prompts["split"] = ["train"] * 3 + ["evaluation"] * 3
    prompts.to_parquet(tmp_path / "prompts.parquet")
    model, tokenizer = load_reward_model(folders("BERT"), heads=2)
    model.save_pretrained(tmp_path / "ensemble")
    tokenizer.save_pretrained(tmp_path / "ensemble")
    proxy = ProxySettings(centring="base", sigma="base", base_samples=4)
    evaluation = PolicyEvaluationSettings(prompts=2, samples=2)
    task = load_task(
        folder, tmp_path / "prompts.parquet", tmp_path / "ensemble", proxy, 64, PPO, evaluation, 0
    )
    reference = task.reference()
    ((step, actor),) = train_policy(task, reference, Penalty("vanilla", {}), 0, 0.1, PPO, 0)
    assert step.kl == pytest.approx(0, abs=1e-4)  # the first batch is the reference's own
    rows = evaluate_policy(task, actor, reference, evaluation, 4, 0)
    assert len(rows) == 4
    assert np.isfinite(rows.kl).all()
    language_model, speaker = load_language_model(folder), load_tokenizer(folder)
    said = sample_responses(language_model, speaker, prompts.prompt.tolist(), 4, 0)
    assert len(said) == len(prompts)
    assert len(ask_model(folder, 2)(["which is better ?", "and which is ?"])) == 2
    asked = speaker.decode(encode_prompts(speaker, ["the film"])[0])
    assert ("assistant" in asked) == KINDS[name].chat


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if not kind.speaks])
def test_what_does_not_speak_is_refused_as_a_policy(name, folders):
    with pytest.raises(UserError, match=r"is no model that can be read|expected a causal language"):
        load_language_model(folders(name))
