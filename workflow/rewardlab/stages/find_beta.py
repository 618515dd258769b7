"""Finds the KL coefficient at which a method's policies end at the target divergence.

Pilot policies are trained at each coefficient against heads of an ensemble that no figure uses, and
never judged: no gold reward is looked at. With a fixed coefficient in the settings nothing is
trained. Writes the coefficient and a table of what was tried; each pilot is kept in the stage's
state.
"""

import json
import logging
from typing import Literal

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.errors import UserError
from rewardlab.evaluation.matched_kl import NotReached, find_beta
from rewardlab.evaluation.tables import write_csv
from rewardlab.libraries import quieten
from rewardlab.outputs import published
from rewardlab.policies.experiment import evaluate_policy, train_policy
from rewardlab.policies.methods import OF_ONE_HEAD
from rewardlab.policies.policy_settings import (
    MatchedKLSettings,
    PolicyEvaluationSettings,
    ProxySettings,
)
from rewardlab.policies.ppo_settings import PPOSettings
from rewardlab.policies.ppo_training import NotFinite
from rewardlab.seeds import derive_seed
from rewardlab.setting_types import Positive, SettingsModel
from rewardlab.stages.train_policies import task_of

log = logging.getLogger("rewardlab")


class Settings(SettingsModel):
    """What pilots and the search need."""

    proxy: ProxySettings
    ppo: PPOSettings
    evaluation: PolicyEvaluationSettings
    matched_kl: MatchedKLSettings
    beta: Positive | Literal["search"]


def search(job: Job, method: str):
    """Return what `find_beta` found; pilots that an earlier attempt finished are not trained."""
    settings, length = job.settings, job.settings.ppo.response_tokens
    task = task_of(job.inputs, settings, job.seed)
    reference = task.reference()
    heads = task.ensemble.heads

    def pilot(beta: float, number: int) -> float:
        file = job.state / f"pilot_{number}_{beta!r}.json"
        if not file.exists():
            seed = derive_seed(job.seed, "pilot", number)
            head = number % heads if method in OF_ONE_HEAD else None
            try:
                for _, actor in train_policy(  # noqa: B007  the last one is evaluated
                    task, reference, method, head, beta, settings.proxy, settings.ppo, seed
                ):
                    pass
            except NotFinite as error:
                raise UserError(f"pilot {number} of {method} at beta {beta:g}, {error}.") from None
            evaluated = evaluate_policy(
                task, actor, reference, settings.evaluation, length, derive_seed(seed, "evaluation")
            )
            with published(file) as partial:
                partial.write_text(json.dumps(float(evaluated.kl.mean())))
        return json.loads(file.read_text())

    def kl_at(beta: float) -> np.ndarray:
        found = np.array([pilot(beta, number) for number in range(settings.matched_kl.pilots)])
        log.info("%s at beta %.4g: KL %s", method, beta, found.round(3).tolist())
        return found

    wanted = settings.matched_kl
    return find_beta(kl_at, wanted.target, wanted.tolerance, wanted.first, wanted.rounds)


def run(job: Job) -> None:
    quieten()
    method, wanted = job.options["method"], job.settings.matched_kl
    columns = ["beta", "kl", "error"]
    if job.settings.beta != "search":
        beta, trials = job.settings.beta, []
    else:
        try:
            found, trials = search(job, method)
        except NotReached as error:
            raise UserError(
                f"{method}: {error}; expected {wanted.tolerance:g} or nearer "
                "(policies.matched_kl: more rounds, or another first)."
            ) from None
        beta = found.beta
    job.outputs["beta"].write_text(json.dumps({"method": method, "beta": beta}) + "\n")
    table = pd.DataFrame(trials, columns=columns).assign(method=method, target=wanted.target)
    write_csv(table.assign(round=range(1, len(table) + 1)), job.outputs["trials"])


COMMAND = Command(
    __spec__.name,
    run,
    settings=Settings,
    seeded=True,
    resumable=True,
    inputs=("model", "ensemble", "prompts"),
    outputs=("beta", "trials"),
    options={"method": "a method of rewardlab.policies.penalties"},
)

if __name__ == "__main__":
    COMMAND.main()
