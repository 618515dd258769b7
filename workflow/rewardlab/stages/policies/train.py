"""Trains policies with PPO against ensembles, and samples what they answer.

Each policy has seeds of its own, or each trial, so that policies of all heads start from one; they
do not depend on the method: methods are paired. Where it is trained on transformed rewards, every
property has an ensemble, and coefficients are those that `match_divergences` found. A policy that
is finished is kept in the stage's state and never trained again; one whose values are not
finite ends with a sentence, and the others go on. Without a penalty nothing is trained: the base
model itself answers, as often as there are policies to stand beside. Writes a folder of Hugging
Face folders, a log of steps, the responses to the evaluation prompts, and how each policy ended.
"""

import json
import logging
import shutil
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact, write_manifest
from rewardlab.policies.actor import Actor
from rewardlab.policies.names import FINISHED, Policy
from rewardlab.policies.ppo_training import NotFinite
from rewardlab.policies.task import Penalty, Task, evaluate_policy, load_task, train_policy
from rewardlab.policies.transformed_reward import load_transformed, rewards_of
from rewardlab.rewards.saved_heads import ensemble_folders
from rewardlab.rewards.utilities import Utility
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.policies import PolicyEvaluationSettings, ProxySettings
from rewardlab.settings.ppo import PPOSettings
from rewardlab.settings.rewards import Length
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


def trained(
    task: Task, reference: Actor, penalty: Penalty, beta: float, ppo: PPOSettings, head: int, seed
) -> tuple[Actor, list[dict], str]:
    """Return the policy after its last step, what every step saw, and how it ended."""
    rows, actor, ended = [], reference, FINISHED
    try:
        for step, actor in train_policy(  # noqa: B007  the last one is returned
            task, reference, penalty, head, beta, ppo, seed
        ):
            rows.append(step._asdict())
    except NotFinite as error:
        ended = str(error)
    return actor, rows, ended


def keep(
    task: Task, actor: Actor, rows: list[dict], ended: str, origin: dict, folder: Path
) -> None:
    """Leave in the folder how a policy was trained, and the policy itself if it ended well."""
    if ended == FINISHED:
        actor.model.save_pretrained(folder / "model")
        task.tokenizer.save_pretrained(folder / "model")
    steps = pd.DataFrame(rows).assign(**origin)
    steps.insert(0, "step", np.arange(1, len(steps) + 1))
    steps.to_parquet(folder / "steps.parquet", index=False)
    (folder / "ended.json").write_text(json.dumps({**origin, "ended": ended}))


@stage
def train(
    model: Input,
    prompts: Input,
    models: Output,
    manifest: Output,
    steps: Output,
    responses: Output,
    ended: Output,
    measured: Output,
    state: State,
    proxy: ProxySettings,
    max_length: Length,
    ppo: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    method: str,
    penalty: str | None,
    parameters: dict[str, float],
    factors: list[float],
    policies: list[Policy],
    seed: Seed,
    seeds: Literal["policy", "trial"] = "policy",
    ensemble: Inputs = (),
    coefficient: Inputs = (),
    samples: Inputs = (),
    references: dict[str, str] | None = None,
    transform: str = "identity",
    combine: str = "sum",
) -> None:
    """Policies of one method.

    seeds: what has a seed of its own, every policy or every trial.
    factors: what the coefficient is multiplied by, or the divergences whose coefficients are taken.
    ensemble: the manifest of an ensemble, or of several in folders by number; such a manifest for
    each property, if rewards are transformed: references, by property, samples of the base model
    with the features of each, transform and combine say how.
    """
    quieten()
    coefficients = Coefficients(coefficient, method, bool(references))

    @cache
    def task_of(number: int) -> tuple[Task, Actor]:
        folders = [ensemble_folder(manifest, number) for manifest in ensemble]
        only = folders[0] if folders and not references else None
        task = load_task(model, prompts, only, proxy, max_length, ppo, evaluation, seed)
        if references:
            utility = Utility(transform, combine, coefficients.weights)
            reward = load_transformed(
                folders, samples, references, utility, max_length, task.device
            )
            task = replace(task, ensemble=reward)
        return task, task.reference()

    with costs(state, measured, what=f"policies, {method}") as notes:
        wanted = [(factor, policy) for factor in factors for policy in policies]
        several = len(factors) > 1
        folders = [
            state / (f"policy_{policy.number}" + (f"_at_{factor:g}" if several else ""))
            for factor, policy in wanted
        ]
        missing = [pair for pair in zip(wanted, folders, strict=True) if not pair[1].exists()]
        for (factor, policy), folder in progress(missing, f"policies, {method}", len(missing)):
            with published(folder) as partial:
                partial.mkdir()
                one_policy(
                    *task_of(policy.ensemble),
                    None if penalty is None else Penalty(penalty, parameters),
                    coefficients.at(factor),
                    ppo,
                    evaluation,
                    {"method": method, "factor": factor},
                    policy,
                    seed,
                    seeds,
                    partial,
                )
        every_step = _together(folders, "steps.parquet")
        notes |= {
            "effective batch size": ppo.batch_size,
            "learning rate": ppo.learning_rate,
            "passes over a batch": ppo.epochs,
            "steps": ppo.steps,
            "initial KL coefficient": float(f"{coefficients.at(factors[0]):.4g}"),
            "adaptive KL control": False,
            "minibatches skipped": int(every_step.skipped.sum()) if len(every_step) else 0,
            "policies": len(wanted),
        }
    models.mkdir()
    for folder in folders:
        if (folder / "model").exists():
            shutil.copytree(folder / "model", models / folder.name)
    write_manifest(manifest, models)
    every_step.to_parquet(steps, index=False)
    _together(folders, "responses.parquet").to_parquet(responses, index=False)
    ends = [json.loads((folder / "ended.json").read_text()) for folder in folders]
    pd.DataFrame(ends).to_parquet(ended, index=False)


class Coefficients:
    """KL coefficients of a method, from a file: one that is multiplied, or some by divergence."""

    def __init__(self, files: list[Path], method: str, by_divergence: bool) -> None:
        self.found = json.loads(files[0].read_text()) if files else {"beta": 0.0}
        self.by_divergence = by_divergence
        if by_divergence:
            self.found = self.found[method]

    @property
    def weights(self) -> tuple[float, ...] | None:
        """Return the weights of several properties, if they were searched or set."""
        weights = self.found.get("weights")
        return None if weights is None else tuple(weights)

    def at(self, factor: float) -> float:
        """Return the coefficient at a divergence, or a multiple of the one there is."""
        if self.by_divergence:
            return self.found["betas"][f"{factor:g}"]
        return factor * self.found["beta"]


def one_policy(
    task: Task,
    reference: Actor,
    penalty: Penalty | None,
    beta: float,
    ppo: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    origin: dict[str, object],
    policy: Policy,
    seed: int,
    seeds: str,
    folder: Path,
) -> None:
    """Train a policy, or take the base model itself, and leave what it answers in the folder."""
    start = time.monotonic()
    actor, end = reference, FINISHED
    origin = {**origin, "policy": policy.number}
    if penalty is None:
        (folder / "ended.json").write_text(json.dumps({**origin, "ended": end}))
    else:
        origin |= {"ensemble": policy.ensemble, "head": policy.head, "trial": policy.trial}
        own = policy.number if seeds == "policy" else policy.trial
        policy_seed = derive_seed(seed, "policy", own)
        actor, rows, end = trained(task, reference, penalty, beta, ppo, policy.head, policy_seed)
        if end != FINISHED:
            end = f"{origin['method']}, head {policy.head}, trial {policy.trial}, {end}"
            log.warning("%s; the other policies go on", end)
        keep(task, actor, rows, end, origin, folder)
    if end == FINISHED:
        evaluated = evaluate_policy(
            task,
            actor,
            reference,
            evaluation,
            ppo.response_tokens,
            derive_seed(seed, "evaluation", policy.number),
        )
        if penalty is not None:
            evaluated = evaluated.assign(**rewards_of(task.ensemble, evaluated, policy.head))
        evaluated.assign(**origin).to_parquet(folder / "responses.parquet", index=False)
    log.info("policy %s: %s after %.1f s", origin, end, time.monotonic() - start)


def ensemble_folder(manifest: Path, number: int) -> Path:
    """Return the folder of an experiment's ensemble: the one, or that of the number."""
    return ensemble_folders(open_artefact(manifest))[number]


def _together(folders: list[Path], name: str) -> pd.DataFrame:
    tables = [pd.read_parquet(folder / name) for folder in folders if (folder / name).exists()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


if __name__ == "__main__":
    main(train)
