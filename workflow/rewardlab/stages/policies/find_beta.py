"""Finds the KL coefficient at which a method's policies end at the target divergence.

Pilot policies are trained at each coefficient against heads of ensembles that no figure uses, and
never judged: no gold reward is looked at. With a fixed coefficient in the settings nothing is
trained. Writes the coefficient, and a table of what was tried and taken; each pilot is kept in the
stage's state.
"""

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.matched_kl import NotReached, Trial, find_beta
from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.task import Penalty, Task, load_task, pilot_responses
from rewardlab.rewards.saved_heads import ensemble_folders
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.outputs import published
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.policies import (
    MatchedKLSettings,
    MethodSettings,
    PolicyEvaluationSettings,
    ProxySettings,
)
from rewardlab.settings.ppo import PPOSettings
from rewardlab.settings.rewards import Length
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


def search(
    tasks: list[Task],
    penalty: Penalty,
    ppo: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    wanted: MatchedKLSettings,
    seed: int,
    state: Path,
) -> tuple[Trial, list[Trial]]:
    """Return what `find_beta` found; pilots that an earlier attempt finished are not trained.

    tasks: one for each ensemble.
    """
    reference = tasks[0].reference()

    def pilot(beta: float, ensemble: int, head: int) -> float:
        task, number = tasks[ensemble], ensemble * wanted.pilots + head
        file = state / f"pilot_{number}_{beta!r}.json"
        if not file.exists():
            pilot_seed = derive_seed(seed, "pilot", number)
            responses = pilot_responses(
                task,
                reference,
                penalty,
                head % task.ensemble.heads,
                beta,
                ppo,
                evaluation,
                pilot_seed,
            )
            with published(file) as partial:
                partial.write_text(json.dumps(float(responses.kl.mean())))
        return json.loads(file.read_text())

    def kl_at(beta: float) -> np.ndarray:
        found = [
            [pilot(beta, ensemble, head) for head in range(wanted.pilots)]
            for ensemble in range(len(tasks))
        ]
        log.info("%s at beta %.4g: KL %s", penalty.name, beta, np.round(found, 3).tolist())
        return np.array(found)

    return find_beta(kl_at, wanted.target, wanted.tolerance, wanted.first, wanted.rounds)


@stage
def find(
    model: Input,
    ensemble: Input,
    prompts: Input,
    coefficient: Output,
    trials: Output,
    state: State,
    proxy: ProxySettings,
    max_length: Length,
    ppo: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    matched_kl: MatchedKLSettings,
    method: str,
    settings: MethodSettings,
    seed: Seed,
) -> None:
    """The KL coefficient of a method, as it is set or as the search finds it."""
    quieten()
    if settings.beta != "search":
        beta, tried = settings.beta, []
    else:
        tasks = [
            load_task(model, prompts, part, proxy, max_length, ppo, evaluation, seed)
            for part in ensemble_folders(open_artefact(ensemble))
        ]
        penalty = Penalty(settings.penalty, settings.parameters)
        try:
            found, tried = search(tasks, penalty, ppo, evaluation, matched_kl, seed, state)
        except NotReached as error:
            raise UserError(
                f"{method}: {error}; expected coefficients on either side of it "
                "(policies.matched_kl: more rounds, or another first)."
            ) from None
        beta, tried = found.beta, [*tried, found]
    coefficient.write_text(json.dumps({"method": method, "beta": beta}) + "\n")
    table = pd.DataFrame(tried, columns=Trial._fields)
    rounds = np.arange(1, len(table) + 1)
    table = table.assign(method=method, target=matched_kl.target, round=rounds)
    write_csv(table.assign(taken=rounds == len(table)), trials)


if __name__ == "__main__":
    main(find)
