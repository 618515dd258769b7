"""Policies as files: killed and resumed, lost and kept, searched for."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel

from rewardlab.running.errors import UserError
from rewardlab.running.stage import main
from rewardlab.settings.policies import (
    MatchedKLSettings,
    MethodSettings,
    PolicyEvaluationSettings,
    ProxySettings,
)
from rewardlab.settings.ppo import TRL_DEFAULTS, PPOSettings
from rewardlab.settings.world import WorldSettings
from rewardlab.stages.policies import find_beta, judge, train
from rewardlab.world.grammar import all_prompts
from rewardlab.world.tokenizer import build_tokenizer

PROXY = {
    "centring": "base",
    "sigma": "base",
    "base_samples": 40,
}
PPO = {
    **TRL_DEFAULTS,
    "steps": 6,
    "batch_size": 8,
    "minibatch_size": 4,
    "epochs": 2,
    "learning_rate": 1e-3,
    "averaged": 0.5,
    "sampling_dropout": False,
    "response_tokens": 5,
}
SETTINGS = {
    "proxy": PROXY,
    "max-length": 32,
    "ppo": PPO,
    "evaluation": {"prompts": 5, "samples": 2},
}
OUTPUTS = ("models", "manifest", "steps", "responses", "ended", "measured")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A base model, an ensemble of three heads on a trunk of its own, prompts, a coefficient."""
    folder = tmp_path_factory.mktemp("inputs")
    tokenizer = build_tokenizer()
    tokens = {
        "bos_token_id": tokenizer.eos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    sizes = {"vocab_size": len(tokenizer), "n_positions": 32, "n_layer": 1, "n_head": 2}
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(**sizes, n_embd=16, **tokens)).save_pretrained(folder / "base")
    config = GPT2Config(**sizes, n_embd=8, num_labels=3, **tokens)
    GPT2ForSequenceClassification(config).save_pretrained(folder / "ensemble")
    for name in ("base", "ensemble"):
        tokenizer.save_pretrained(folder / name)
    prompts = pd.DataFrame(all_prompts()[::40]).rename(columns={"text": "prompt"})
    prompts.to_parquet(folder / "prompts.parquet", index=False)
    (folder / "beta.json").write_text('{"beta": 0.5}')
    return folder


PENALTIES = {"vanilla": {}, "variance_aware": {"exponent": 1.0}}


def arguments(inputs, target, method="vanilla", cells=((0, 0, 0, 0), (1, 0, 1, 0)), **changes):
    """Return the command line of a training: one of the methods, or the base model's."""
    trained = method != "reference"
    given = {
        **{name: json.dumps(value) for name, value in SETTINGS.items()},
        "ppo": json.dumps({**PPO, **changes}),
        "seed": "3",
        "model": inputs / "base",
        "prompts": inputs / "prompts.parquet",
        "method": method,
        "penalty": method if trained else "null",
        "parameters": json.dumps(PENALTIES.get(method, {})),
        "factors": "[1]",
        "policies": json.dumps(cells),
        "log": target / "log",
    }
    if trained:
        given |= {"ensemble": inputs / "ensemble", "coefficient": inputs / "beta.json"}
    given |= {name: target / name for name in OUTPUTS}
    return [part for name, value in given.items() for part in (f"--{name}", str(value))]


def trained(inputs, target, *rest, **options):
    target.mkdir(exist_ok=True)
    main(train.train, arguments(inputs, target, *rest, **options))
    return {name: pd.read_parquet(target / name) for name in ("steps", "responses", "ended")}


def test_methods_are_paired_and_policies_load(inputs, tmp_path):
    """The same seeds for every method: the first rollout is the same, and then they part."""
    found = {m: trained(inputs, tmp_path / m, m) for m in PENALTIES}
    first, second = (found[method]["steps"] for method in PENALTIES)
    opening = first.step.eq(1)
    assert first.proxy[opening].tolist() == second.proxy[opening].tolist()
    assert first.penalty[~opening].tolist() != second.penalty[~opening].tolist()
    assert first.groupby("policy").size().tolist() == [6, 6]
    responses = found["vanilla"]["responses"]
    assert len(responses) == 2 * 5 * 2
    assert set(responses.columns) >= {"policy", "head", "prompt_id", "sample", "response", "kl"}
    model = GPT2LMHeadModel.from_pretrained(tmp_path / "vanilla/models/policy_1")
    base = GPT2LMHeadModel.from_pretrained(inputs / "base")
    weights = "transformer.wte.weight"
    assert not model.state_dict()[weights].equal(base.state_dict()[weights])


def test_killed_at_random_the_tables_are_those_of_an_undisturbed_run(inputs, tmp_path):
    cells = tuple((number, 0, number % 3, 0) for number in range(5))
    undisturbed = trained(inputs, tmp_path / "whole", cells=cells, steps=12)
    target = tmp_path / "killed"
    target.mkdir()
    command = [sys.executable, "-m", "rewardlab.stages.policies.train"]
    command += arguments(inputs, target, cells=cells, steps=12)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    rng, kills = random.Random(0), 0
    while kills < 3:
        process = subprocess.Popen(command, env=environment)
        before = len(list(target.glob(".*.state/policy_?")))
        while process.poll() is None:
            if len(list(target.glob(".*.state/policy_?"))) > before:
                time.sleep(rng.uniform(0, 0.15))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
                break
            time.sleep(0.005)
        else:
            break
        assert not (target / "responses").exists()
    assert kills >= 2
    finished = {path: path.stat().st_mtime for path in target.glob(".*.state/policy_?/ended.json")}
    assert finished
    again = trained(inputs, target, cells=cells, steps=12)
    text = (target / "log").read_text()
    assert text.count("finished after") == 5 - len(finished)
    for name, table in undisturbed.items():
        pd.testing.assert_frame_equal(again[name], table)


def test_a_policy_whose_values_are_not_finite_is_named_and_the_others_are_kept(inputs, tmp_path):
    broken = tmp_path / "ensemble"
    broken.mkdir()
    for file in (inputs / "ensemble").iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    weights = load_file(broken / "model.safetensors")
    weights["score.weight"][1] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    target = tmp_path / "out"
    target.mkdir()
    given = arguments(inputs, target, cells=[(0, 0, 0, 0), (1, 0, 1, 2), (2, 0, 2, 0)])
    given[given.index(str(inputs / "ensemble"))] = str(broken)
    main(train.train, given)
    ended = pd.read_parquet(target / "ended").set_index("policy").ended
    assert ended[1] == "vanilla, head 1, trial 2, step 1: a reward is not finite"
    assert ended[[0, 2]].tolist() == ["finished", "finished"]
    responses = pd.read_parquet(target / "responses")
    assert set(responses.policy) == {0, 2}
    assert {path.name for path in (target / "models").iterdir()} == {"policy_0", "policy_2"}

    # Judged beside the base model: the lost policy stands in the table, without a value.
    base = tmp_path / "base"
    trained(inputs, base, "reference", cells=[(0, 0, 0, 0), (1, 0, 1, 0)])
    world = WorldSettings(
        seed=0,
        overall_weights=(1.0, 1.0),
        dialect={"share": 0.12, "value": "equal", "coverage": "heterogeneous"},
    )
    judge.judge_policies(
        responses=[base / "responses", target / "responses"],
        ended=[base / "ended", target / "ended"],
        steps=[target / "steps"],
        policies=tmp_path / "policies.csv",
        all_steps=tmp_path / "steps.parquet",
        world=world,
        preferences="overall",
        values=["worse"],
    )
    policies = pd.read_csv(tmp_path / "policies.csv")
    assert policies.method.tolist() == ["reference"] * 2 + ["vanilla"] * 3
    lost = policies[policies.method.eq("vanilla")].set_index("policy")
    assert lost.judged.isna().tolist() == [False, True, False]
    assert lost.ended[1].startswith("vanilla, head 1, trial 2, step 1")
    assert lost["head"].tolist() == [0, 1, 2]
    # A dialect word that is worth less can only lower what the same responses are worth.
    ended_well = policies[policies.judged.notna()]
    assert (ended_well.judged_worse <= ended_well.judged + 1e-9).all()
    assert ended_well.noise_worse.notna().all()
    reference = policies[policies.method.eq("reference")]
    assert (reference.kl == 0).all()
    assert reference["head"].isna().all()


def test_the_base_model_answers_with_the_noise_of_the_policies(inputs, tmp_path):
    """A policy that does not move says what the base model says: same prompts, same draws."""
    reference = trained(inputs, tmp_path / "reference", "reference")["responses"]
    still = trained(inputs, tmp_path / "still", learning_rate=1e-12)["responses"]
    assert reference.response.tolist() == still.response.tolist()
    assert not list((tmp_path / "reference" / "models").iterdir())


def test_dropout_in_sampling_begins_with_the_second_step(inputs, tmp_path):
    """The base model has GPT-2's dropout of a tenth."""
    plain = trained(inputs, tmp_path / "plain")["steps"].set_index(["policy", "step"]).proxy
    dropped = trained(inputs, tmp_path / "dropped", sampling_dropout=True)["steps"]
    dropped = dropped.set_index(["policy", "step"]).proxy
    first = plain.index.get_level_values("step") == 1
    assert plain[first].tolist() == dropped[first].tolist()
    assert (plain[~first] != dropped[~first]).any()  # a weak model: few draws differ


def test_an_ensemble_of_several_is_taken_by_number(inputs, tmp_path):
    several = tmp_path / "several"
    for number in (0, 1):
        shutil.copytree(inputs / "ensemble", several / str(number))
    assert train.ensemble_folder(several, 1) == several / "1"
    assert train.ensemble_folder(inputs / "ensemble", 0) == inputs / "ensemble"


def search(inputs, folder, beta="search", **wanted):
    folder.mkdir(exist_ok=True)
    matched = {
        "target": 0.02,
        "tolerance": 0.01,
        "first": 0.05,
        "ensembles": 1,
        "pilots": 2,
        "rounds": 12,
    }
    find_beta.find(
        inputs / "base",
        inputs / "ensemble",
        inputs / "prompts.parquet",
        folder / "beta.json",
        folder / "trials.csv",
        folder,
        ProxySettings(**PROXY),
        32,
        PPOSettings(**PPO),
        PolicyEvaluationSettings(**SETTINGS["evaluation"]),
        MatchedKLSettings(**{**matched, **wanted}),
        "vanilla",
        MethodSettings(penalty="vanilla", beta=beta),
        0,
    )
    return json.loads((folder / "beta.json").read_text())["beta"], pd.read_csv(
        folder / "trials.csv"
    )


def test_the_search_finds_a_coefficient_near_the_target(inputs, tmp_path):
    beta, trials = search(inputs, tmp_path / "found", tolerance=0.02)
    assert trials.beta.iloc[-1] == pytest.approx(beta)
    assert trials.taken.tolist() == [False] * (len(trials) - 1) + [True]
    assert abs(trials.kl.iloc[-1] - 0.02) <= 0.02


def test_a_fixed_coefficient_trains_nothing(inputs, tmp_path):
    beta, trials = search(inputs, tmp_path / "fixed", beta=0.2)
    assert beta == 0.2
    assert trials.empty


def test_a_target_out_of_reach_is_said(inputs, tmp_path):
    with pytest.raises(UserError, match=r"vanilla: after 2 coefficients the nearest KL"):
        search(inputs, tmp_path / "far", target=50.0, rounds=2)
    assert not (tmp_path / "far/beta.json").exists()
