"""Policies on transformed rewards as files, and the transformation inside another trainer."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import Dataset
from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel
from trl import GRPOConfig, GRPOTrainer

from rewardlab.data.manifest import write_manifest
from rewardlab.data.pretrained import load_language_model, load_tokenizer
from rewardlab.policies.names import REFERENCE
from rewardlab.rewards.base_rewards import read_base_samples
from rewardlab.rewards.saved_heads import head_weights
from rewardlab.rewards.utilities import Utility, utilities
from rewardlab.running.stage import main
from rewardlab.settings.ppo import TRL_DEFAULTS
from rewardlab.settings.world import WorldSettings
from rewardlab.stages.data.choose_prompts import choose_prompts
from rewardlab.stages.policies import train
from rewardlab.stages.transforming import gather_samples, judge, match_divergences
from rewardlab.world.grammar import all_prompts
from rewardlab.world.tokenizer import build_tokenizer

WORLD = WorldSettings.model_validate(
    {
        "seed": 0,
        "overall_weights": (1.0, 1.0),
        "dialect": {"share": 0.1, "value": "equal", "coverage": "heterogeneous"},
    }
)
REFERENCES = {"helpful": "q85", "harmless": "refusal"}
PPO = {
    **TRL_DEFAULTS,
    "steps": 2,
    "batch_size": 4,
    "minibatch_size": 2,
    "epochs": 2,
    "learning_rate": 1e-3,
    "averaged": 0.5,
    "sampling_dropout": False,
    "response_tokens": 5,
}
FEATURES = {"batch_size": 16, "checkpoint_texts": 64}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A base model, two ensembles of two heads for each property, prompts and base samples."""
    folder = tmp_path_factory.mktemp("transforming")
    tokenizer = build_tokenizer()
    tokens = {
        "bos_token_id": tokenizer.eos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    sizes = {"vocab_size": len(tokenizer), "n_positions": 32, "n_layer": 1, "n_head": 2}
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(**sizes, n_embd=16, **tokens)).save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    for name in REFERENCES:
        config = GPT2Config(**sizes, n_embd=8, num_labels=2, initializer_range=0.5, **tokens)
        model = GPT2ForSequenceClassification(config)
        for number in range(2):  # one trunk, heads of each ensemble's own
            model.score.weight.data.normal_()
            model.save_pretrained(folder / name / str(number))
            tokenizer.save_pretrained(folder / name / str(number))
        write_manifest(folder / f"{name}.json", folder / name)
    prompts = pd.DataFrame(all_prompts()[::40]).rename(columns={"text": "prompt"})
    prompts.to_parquet(folder / "all_prompts.parquet", index=False)
    choose_prompts(folder / "all_prompts.parquet", folder / "prompts.parquet", 6, 3, seed=1)
    chosen = pd.read_parquet(folder / "prompts.parquet")
    rng = np.random.default_rng(0)
    words = ["take", "the", "brush", "gently", "gloves", "besom", "friend", "torch"]
    for split, count in (("train", 8), ("evaluation", 12)):
        rows = [
            (number, response, "base", prompt, " ".join(rng.choice(words, 4)))
            for number, prompt in enumerate(chosen.prompt[chosen.split.eq(split)])
            for response in range(count)
        ]
        rows += [
            (number, count, "refusal", prompt, "sorry .")
            for number, prompt in enumerate(chosen.prompt[chosen.split.eq(split)])
        ]
        columns = ["prompt_id", "response_id", "use", "prompt", "response"]
        table = pd.DataFrame(rows, columns=columns)
        table.sample(frac=1, random_state=0).to_parquet(folder / f"{split}.parquet", index=False)
        for name in REFERENCES:
            gather(folder, name, split)
    return folder


def gather(folder, name, split):
    samples = folder / f"{split}_{name}.safetensors"
    arguments = {
        "model": folder / name / "0",
        "responses": folder / f"{split}.parquet",
        "samples": samples,
        "settings": json.dumps(FEATURES),
        "max-length": "32",
        "judge": json.dumps({"world": WORLD.model_dump(mode="json")}),
        "judged-set": name,
    }
    words = [word for key, value in arguments.items() for word in (f"--{key}", str(value))]
    main(gather_samples.gather_samples, words)


def test_samples_hold_what_the_model_would_say(folder):
    base = read_base_samples(folder / "evaluation_helpful.safetensors")
    assert base.features.shape == (3, 12, 8)
    assert base.refusals.shape == base.prompts.shape == (3, 8)
    rewards = base.rewards(head_weights(folder / "helpful" / "0"))
    table = pd.read_parquet(folder / "evaluation.parquet")
    one = table[table.prompt.eq(base.texts[1]) & table.response_id.eq(5)].iloc[0]
    model = GPT2ForSequenceClassification.from_pretrained(folder / "helpful" / "0").eval()
    tokenizer = load_tokenizer(folder / "helpful" / "0")
    tokens = tokenizer(f"{one.prompt} {one.response}", return_tensors="pt").input_ids
    end = torch.tensor([[tokenizer.eos_token_id]])
    with torch.no_grad():
        logits = model(input_ids=torch.cat([tokens, end], 1)).logits[0]
    assert rewards[:, 1, 5] == pytest.approx(logits.numpy(), abs=1e-4)


def trained(folder, target, method, combine="sum", transform="lsc"):
    given = {
        "proxy": json.dumps({"centring": "base", "sigma": "base", "base_samples": 10}),
        "max-length": "32",
        "ppo": json.dumps(PPO),
        "evaluation": json.dumps({"prompts": 3, "samples": 4}),
        "seed": "3",
        "model": folder / "base",
        "prompts": folder / "prompts.parquet",
        "method": method,
        "penalty": "vanilla",
        "parameters": "{}",
        "factors": "[0.1, 0.3]",
        "policies": json.dumps([(0, 0, 0, 0), (1, 1, 1, 0)]),
        "references": json.dumps(REFERENCES),
        "transform": transform,
        "combine": combine,
        "coefficient": folder / "matched.json",
        "log": target / "log",
    }
    target.mkdir(exist_ok=True)
    outputs = ("models", "manifest", "steps", "responses", "ended", "measured")
    given |= {name: target / name for name in outputs}
    words = [word for key, value in given.items() for word in (f"--{key}", str(value))]
    words += ["--ensemble", *(str(folder / f"{name}.json") for name in REFERENCES)]
    words += ["--samples", *(str(folder / f"train_{name}.safetensors") for name in REFERENCES)]
    main(train.train, words)
    return pd.read_parquet(target / "responses")


def test_from_coefficients_to_judged_policies(folder, tmp_path):
    """Every policy at every divergence, on heads of its own, judged by these and by gold."""
    methods = {
        "lsc": {"penalty": "vanilla", "beta": "exact", "transform": "lsc"},
        "weighted": {
            "penalty": "vanilla",
            "beta": "exact",
            "transform": "centred",
            "weights": "search",
        },
    }
    arguments = ["--coefficients", folder / "matched.json", "--methods", json.dumps(methods)]
    arguments += ["--references", json.dumps(REFERENCES), "--divergences", "[0.1, 0.3]"]
    arguments += ["--at", "0.2", "--heads", "2"]
    arguments += ["--ensembles", *(folder / f"{name}.json" for name in REFERENCES)]
    arguments += ["--samples", *(folder / f"train_{name}.safetensors" for name in REFERENCES)]
    main(match_divergences.match_divergences, list(map(str, arguments)))
    found = json.loads((folder / "matched.json").read_text())
    assert found["lsc"]["betas"]["0.1"] > found["lsc"]["betas"]["0.3"] > 0
    assert np.prod(found["weighted"]["weights"]) == pytest.approx(1)

    responses = trained(folder, tmp_path / "lsc", "lsc")
    assert len(responses) == 2 * 2 * 3 * 4
    assert sorted(path.name for path in (tmp_path / "lsc/models").iterdir()) == [
        f"policy_{policy}_at_{factor}" for policy in (0, 1) for factor in (0.1, 0.3)
    ]
    trained(folder, tmp_path / "weighted", "weighted", transform="centred")
    arguments = ["--table", tmp_path / "judged.parquet", "--world", WORLD.model_dump_json()]
    arguments += ["--properties", json.dumps(list(REFERENCES))]
    arguments += ["--texts", folder / "evaluation.parquet"]
    folders = [tmp_path / "lsc", tmp_path / "weighted"]
    arguments += ["--responses", *(part / "responses" for part in folders)]
    arguments += ["--ended", *(part / "ended" for part in folders)]
    arguments += ["--ensembles", *(folder / f"{name}.json" for name in REFERENCES)]
    arguments += ["--samples", *(folder / f"evaluation_{name}.safetensors" for name in REFERENCES)]
    main(judge.judge_policies, list(map(str, arguments)))
    table = pd.read_parquet(tmp_path / "judged.parquet")
    assert set(table.method) == {"lsc", "weighted", REFERENCE}
    assert len(table[table.method.eq("lsc")]) == 2 * 2 * 3  # factors, policies, prompts
    wins = table.filter(like="win_").to_numpy()
    assert np.nanmin(wins) >= 0
    assert np.nanmax(wins) <= 1
    halves = table[table.method.eq("lsc")]
    mean = (halves.win_gold_all_0 + halves.win_gold_all_1) / 2
    assert mean.to_numpy() == pytest.approx(halves.win_gold_all.to_numpy())
    own = table[table.method.eq(REFERENCE)]
    assert own.win_gold_helpful.to_numpy() == pytest.approx(0.5)

    # The rewards beside a response are those of the policy's own head of its own ensemble.
    row = responses[responses.policy.eq(1)].iloc[0]
    assert (row.ensemble, row["head"]) == (1, 1)
    model = GPT2ForSequenceClassification.from_pretrained(folder / "harmless" / "1").eval()
    tokenizer = load_tokenizer(folder / "harmless" / "1")
    text = f"{row.prompt} {row.response}" if row.response else row.prompt
    tokens = [*tokenizer(text).input_ids, tokenizer.eos_token_id]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([tokens])).logits[0]
    assert row.reward_harmless == pytest.approx(logits[1].item(), abs=1e-4)


def test_the_transformation_in_trls_grpo(folder, tmp_path):
    """The README's reward function, in a trainer of another library."""
    seen = []

    def lsc_reward(completions, helpful_q85, harmless_refusal, **columns):
        helpful, harmless = (torch.tensor([part.count(w) for part in completions]) for w in "ab")
        rewards = [helpful.float(), harmless.float()]
        references = [torch.tensor(helpful_q85), torch.tensor(harmless_refusal)]
        found = utilities(rewards, references, Utility("lsc", "sum"))
        seen.extend(found.tolist())
        return found.tolist()

    prompts = pd.read_parquet(folder / "prompts.parquet").prompt.tolist()
    references = {"helpful_q85": [2.0] * len(prompts), "harmless_refusal": [1.0] * len(prompts)}
    settings = GRPOConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=5,
        max_steps=1,
        report_to="none",
        save_strategy="no",
        logging_steps=1,
        use_cpu=True,
        bf16=False,
    )
    trainer = GRPOTrainer(
        model=load_language_model(folder / "base"),
        reward_funcs=lsc_reward,
        args=settings,
        train_dataset=Dataset.from_dict({"prompt": prompts, **references}),
        processing_class=load_tokenizer(folder / "base", padding_side="left"),
    )
    trainer.train()
    assert len(seen) == 4
    assert all(value < 0 for value in seen)  # log-probabilities
    assert trainer.state.log_history[0]["reward"] == pytest.approx(np.mean(seen), abs=1e-4)
