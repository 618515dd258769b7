"""Trains policies with PPO against one ensemble, and samples what they answer.

Each policy has seeds of its own, which do not depend on the method: methods are paired. A policy
that is finished is kept in the stage's state and never trained again; one whose values are not
finite ends with a sentence, and the others go on. Without a penalty nothing is trained: the base
model itself answers, as often as there are policies to stand beside. Writes a folder of Hugging
Face folders, a log of steps, the responses to the evaluation prompts, and how each policy ended.
"""

import json
import logging
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact, write_manifest
from rewardlab.policies.actor import Actor
from rewardlab.policies.names import FINISHED, Policy
from rewardlab.policies.ppo_training import NotFinite
from rewardlab.policies.task import Penalty, Task, evaluate_policy, load_task, train_policy
from rewardlab.rewards.trunk import ensemble_folders
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
    factor: float,
    policies: list[Policy],
    seed: Seed,
    ensemble: Inputs = (),
    coefficient: Inputs = (),
) -> None:
    """Policies of one method; factor: what the coefficient is multiplied by.

    ensemble: the manifest of an ensemble, or of several in folders by number.
    """
    quieten()
    beta = factor * json.loads(coefficient[0].read_text())["beta"] if coefficient else 0.0
    with costs(state, measured, what=f"policies, {method}") as notes:
        folders = [state / f"policy_{policy.number}" for policy in policies]
        missing = [pair for pair in zip(policies, folders, strict=True) if not pair[1].exists()]
        if missing:
            heads = ensemble_folder(ensemble, policies[0].ensemble)
            task = load_task(model, prompts, heads, proxy, max_length, ppo, evaluation, seed)
            reference = task.reference()
            for policy, folder in progress(missing, f"policies, {method}", len(missing)):
                with published(folder) as partial:
                    partial.mkdir()
                    one_policy(
                        task,
                        reference,
                        None if penalty is None else Penalty(penalty, parameters),
                        beta,
                        ppo,
                        evaluation,
                        {"method": method, "factor": factor},
                        policy,
                        seed,
                        partial,
                    )
        every_step = _together(folders, "steps.parquet")
        notes |= {
            "effective batch size": ppo.batch_size,
            "learning rate": ppo.learning_rate,
            "passes over a batch": ppo.epochs,
            "steps": ppo.steps,
            "initial KL coefficient": float(f"{beta:.4g}"),
            "adaptive KL control": False,
            "minibatches skipped": int(every_step.skipped.sum()) if len(every_step) else 0,
            "policies": len(policies),
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
        policy_seed = derive_seed(seed, "policy", policy.number)
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
        evaluated.assign(**origin).to_parquet(folder / "responses.parquet", index=False)
    log.info("policy %s: %s after %.1f s", origin, end, time.monotonic() - start)


def ensemble_folder(ensemble: list[Path], number: int) -> Path | None:
    """Return the folder of an experiment's ensemble: the one, or that of the number."""
    if not ensemble:
        return None
    return ensemble_folders(open_artefact(ensemble[0]))[number]


def _together(folders: list[Path], name: str) -> pd.DataFrame:
    tables = [pd.read_parquet(folder / name) for folder in folders if (folder / name).exists()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


if __name__ == "__main__":
    main(train)
