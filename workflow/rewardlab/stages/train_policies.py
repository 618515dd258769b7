"""Trains several policies with PPO against one ensemble, and samples what they answer.

Each cell (policy number, head, trial) has seeds of its own, which do not depend on the method:
methods are paired. A policy that is finished is kept in the
stage's state and never trained again; one whose values are not finite ends with a sentence, and the
others go on. Writes a folder of Hugging Face folders, a log of steps, the responses to the
evaluation prompts, and how each policy ended.
"""

import json
import logging
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rewardlab.command_line import Command, Job
from rewardlab.data.manifest import open_artefact, open_models, write_manifest
from rewardlab.libraries import quieten
from rewardlab.measure import measured
from rewardlab.outputs import published
from rewardlab.policies.experiment import Task, centre_on_base, evaluate_policy, train_policy
from rewardlab.policies.policy_settings import PolicyEvaluationSettings, ProxySettings
from rewardlab.policies.ppo_settings import PPOSettings
from rewardlab.policies.ppo_training import NotFinite
from rewardlab.policies.proxy import EnsembleReward
from rewardlab.progress import progress
from rewardlab.rewards.trunk import load_reward_model
from rewardlab.seeds import derive_seed
from rewardlab.setting_types import SettingsModel

log = logging.getLogger("rewardlab")
FINISHED = "finished"


class Settings(SettingsModel):
    """What training and judging policies need."""

    proxy: ProxySettings
    ppo: PPOSettings
    evaluation: PolicyEvaluationSettings


def task_of(inputs: dict, settings: Settings, seed: int) -> Task:
    """Return what the policies of this process share; the ensemble, if there is one, is centred."""
    folder = open_artefact(inputs["model"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    table = pd.read_parquet(inputs["prompts"])
    training, evaluation = (
        table.prompt[table.split.eq(split)].drop_duplicates().tolist()
        for split in ("train", "evaluation")
    )
    chosen = np.random.default_rng(derive_seed(seed, "evaluation prompts")).permutation(evaluation)
    ensemble = None
    if "ensemble" in inputs:
        models = [load_reward_model(path) for path in open_models(inputs["ensemble"])]
        for model, _ in models:
            model.to(device)
        ensemble = EnsembleReward(models, settings.proxy.max_length)
    task = Task(
        lambda: AutoModelForCausalLM.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
        training,
        chosen[: settings.evaluation.prompts].tolist(),
        ensemble,
        device,
    )
    if ensemble is not None:
        length = settings.ppo.response_tokens
        centre_on_base(task, settings.proxy, length, derive_seed(seed, "centring"))
    return task


def one_policy(task, reference, job, method, beta, cell, folder: Path) -> None:
    """Train and judge the policy of a cell, and leave it in the folder, which appears whole."""
    number, head, trial = cell
    settings, length = job.settings, job.settings.ppo.response_tokens
    seed = derive_seed(job.seed, "policy", number)
    rows, ended = [], FINISHED
    start = time.monotonic()
    try:
        for step, actor in train_policy(  # noqa: B007  the last one is evaluated
            task, reference, method, head, beta, settings.proxy, settings.ppo, seed
        ):
            rows.append(step._asdict())
    except NotFinite as error:
        ended = f"{method}, head {head}, trial {trial}, {error}"
        log.warning("%s; the other policies go on", ended)
    origin = {"policy": number, "head": head, "trial": trial}
    folder.mkdir()
    if ended == FINISHED:
        evaluated = evaluate_policy(
            task,
            actor,
            reference,
            settings.evaluation,
            length,
            derive_seed(job.seed, "evaluation", number),
        )
        evaluated.assign(**origin).to_parquet(folder / "responses.parquet", index=False)
        actor.model.save_pretrained(folder / "model")
        task.tokenizer.save_pretrained(folder / "model")
    steps = pd.DataFrame(rows).assign(**origin)
    steps.insert(0, "step", np.arange(1, len(steps) + 1))
    steps.to_parquet(folder / "steps.parquet", index=False)
    (folder / "ended.json").write_text(json.dumps({**origin, "ended": ended}))
    log.info("policy %s: %s after %.1f s", origin, ended, time.monotonic() - start)


def run(job: Job) -> None:
    quieten()
    method = job.options["method"]
    cells = json.loads(job.options["cells"])
    beta = float(json.loads(job.inputs["beta"].read_text())["beta"])
    with measured(job.state, job.outputs["measured"], what=f"policies, {method}") as notes:
        folders = [job.state / f"policy_{number}" for number, _, _ in cells]
        missing = [at for at, folder in enumerate(folders) if not folder.exists()]
        if missing:
            task = task_of(job.inputs, job.settings, job.seed)
            reference = task.reference()
            for at in progress(missing, f"policies, {method}", len(missing)):
                with published(folders[at]) as partial:
                    one_policy(task, reference, job, method, beta, cells[at], partial)
        notes["policies"] = len(cells)
    models = job.outputs["models"]
    models.mkdir()
    for folder in folders:
        if (folder / "model").exists():
            shutil.copytree(folder / "model", models / folder.name)
    write_manifest(job.outputs["manifest"], models, known_as=job.final("models"))
    _together(folders, "steps.parquet").to_parquet(job.outputs["steps"], index=False)
    _together(folders, "responses.parquet").to_parquet(job.outputs["responses"], index=False)
    ended = [json.loads((folder / "ended.json").read_text()) for folder in folders]
    pd.DataFrame(ended).to_parquet(job.outputs["ended"], index=False)


def _together(folders: list[Path], name: str) -> pd.DataFrame:
    tables = [pd.read_parquet(folder / name) for folder in folders if (folder / name).exists()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


COMMAND = Command(
    __spec__.name,
    run,
    settings=Settings,
    seeded=True,
    resumable=True,
    inputs=("model", "ensemble", "prompts", "beta"),
    outputs=("models", "manifest", "steps", "responses", "ended", "measured"),
    options={
        "method": "a method of rewardlab.policies.penalties",
        "cells": "JSON list of [policy, head or null, trial]",
    },
)

if __name__ == "__main__":
    COMMAND.main()
