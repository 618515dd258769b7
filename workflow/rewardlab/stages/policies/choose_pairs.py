"""Chooses how many preference pairs heads are fitted to, by vanilla policies alone.

Where heads agree, what their policies differ in drowns in PPO's own randomness, and no comparison
of methods can tell anything. Taken is the first of the candidates, which go from many pairs to few,
whose exact variance between vanilla policies at the target divergence is at least `factor` times
the variance within a head: that of pilot policies which differ in their seeds alone, as they are
judged. The noise of judging is in it: a comparison of judged policies has it as well, and taken off
it leaves too little to be measured. No other method is looked at. Without such a candidate it is
the last.
"""

import json
import logging

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.fixed_points import at_mean_divergence, laid_out, variance_without_noise
from rewardlab.evaluation.spread import judged
from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.names import VANILLA
from rewardlab.policies.task import Penalty, load_task, pilot_responses
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.policies import (
    ChosenPairsSettings,
    PolicyEvaluationSettings,
    ProxySettings,
)
from rewardlab.settings.ppo import PPOSettings
from rewardlab.settings.rewards import Length
from rewardlab.settings.types import Count, Positive, Seed
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold

log = logging.getLogger("rewardlab")


def exact_variance(paths: pd.DataFrame, gold: str, target: float) -> tuple[float, float]:
    """Return vanilla's variance between policies at the target, and the coefficient there.

    Raises UserError if the path does not reach it.
    """
    vanilla = paths[paths.sigma.eq(VANILLA)].sort_values(["ensemble", "head", "beta"])
    vanilla = vanilla.assign(log_beta=np.log(vanilla.beta))
    columns = [f"{gold}_0", f"{gold}_1", "log_beta"]
    kl = laid_out(vanilla, ["kl"])[..., 0]
    (found,) = at_mean_divergence(laid_out(vanilla, columns), kl, [target])
    if np.isnan(found).any():
        raise UserError(
            f"the fixed points have divergences from {kl.mean((0, 1)).min():.3g} to "
            f"{kl.mean((0, 1)).max():.3g} nats, not the target of {target:g} "
            "(policies.matched_kl.target)."
        )
    return variance_without_noise(found[..., :2]), float(np.exp(found[..., 2].mean()))


def chosen(table: pd.DataFrame, factor: float) -> int:
    """Return the row of the first candidate that varies enough, or of the last."""
    enough = table.variance_between.ge(factor * table.variance_within).to_numpy()
    return int(enough.argmax()) if enough.any() else len(table) - 1


@stage
def choose_pairs(
    model: Input,
    prompts: Input,
    ensemble: Input,
    paths: Inputs,
    choice: Output,
    table: Output,
    findings: Output,
    state: State,
    settings: ChosenPairsSettings,
    pairs: list[Count | None],
    target: Positive,
    proxy: ProxySettings,
    max_length: Length,
    ppo: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    world: WorldSettings,
    judge: str,
    seed: Seed,
) -> None:
    """The number of pairs; paths, pairs: of the candidates, in their order (none: all pairs)."""
    quieten()
    gold = world.dialect.value
    exact = [exact_variance(pd.read_parquet(path), gold, target) for path in paths]
    task = load_task(
        model, prompts, open_artefact(ensemble), proxy, max_length, ppo, evaluation, seed
    )
    reference, beta = task.reference(), exact[0][1]
    numbers = [(head, trial) for head in range(settings.heads) for trial in range(settings.trials)]

    def pilot(head: int, trial: int) -> tuple[float, float]:
        """Return the mean judged reward of a policy, and the noise in it."""
        file = state / f"pilot_{head}_{trial}.json"
        if not file.exists():
            pilot_seed = derive_seed(seed, "pilot", head, trial)
            penalty = Penalty(VANILLA, {})
            responses = pilot_responses(
                task, reference, penalty, head, beta, ppo, evaluation, pilot_seed
            )
            rewards = with_gold(responses, world)[judge].to_numpy(float)
            with published(file) as partial:
                partial.write_text(json.dumps(judged(rewards.reshape(-1, evaluation.samples))))
        return tuple(json.loads(file.read_text()))

    pilots = progress(numbers, "pilots", len(numbers))
    found = np.array([pilot(*number) for number in pilots])
    means, noise = np.moveaxis(found.reshape(settings.heads, settings.trials, 2), -1, 0)
    within = float(means.var(1, ddof=1).mean())
    rows = pd.DataFrame(
        {
            "candidate": settings.candidates,
            "pairs": pd.array(pairs, dtype="Int64"),
            "variance_between": [variance for variance, _ in exact],
            "variance_within": within,
            "noise_of_judging": noise.mean(),
        }
    )
    row = chosen(rows, settings.factor)
    without_noise = rows.assign(variance_within=within - rows.noise_of_judging)
    rows["chosen_without_noise"] = np.arange(len(rows)) == chosen(without_noise, settings.factor)
    rows["chosen"] = np.arange(len(rows)) == row
    write_csv(rows, table)
    choice.write_text(json.dumps({"name": settings.candidates[row], "pairs": pairs[row]}) + "\n")
    findings.write_text(in_words(rows, settings, target))


def in_words(rows: pd.DataFrame, settings: ChosenPairsSettings, target: float) -> str:
    """Return what was chosen, and why."""
    parts = ", ".join(f"{row.candidate} {row.variance_between:.4f}" for row in rows.itertuples())
    taken = rows[rows.chosen].iloc[0]
    if taken.variance_between >= settings.factor * taken.variance_within:
        reason = f"the first with at least {settings.factor:g} times that"
    else:
        reason = f"the last, since none has {settings.factor:g} times that"
    error = (2 / (settings.heads * (settings.trials - 1))) ** 0.5
    return (
        f"Exact variance between vanilla policies at {target:g} nats, by what heads are fitted to: "
        f"{parts}. Variance within a head, over {settings.trials} pilots against each of "
        f"{settings.heads} heads: {taken.variance_within:.4f} (to within some {error:.0%}), of "
        f"which {taken.noise_of_judging:.4f} are the noise of judging. Taken: {taken.candidate}, "
        f"{reason}; with that noise off it would be "
        f"{rows[rows.chosen_without_noise].iloc[0].candidate}.\n"
    )


if __name__ == "__main__":
    main(choose_pairs)
