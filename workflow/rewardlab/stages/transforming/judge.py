"""Judges policies on transformed rewards: how their responses stand among the base model's samples.

A row for each policy and evaluation prompt: mean divergence, win rates against the base model (ties
half) by the reward models that the policy was trained on and by the gold rewards, on each property
and on all at once, the rewards as they are, the mass under the base's low percentiles, and the
share of responses with words that can be exploited. What the base model itself has is in rows of
the method `reference`. Halves of the responses give each win rate on all properties twice, as
<name>_0 and <name>_1.
"""

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.standing import GOLD, MODEL, Base, base_of, standings
from rewardlab.policies.names import KEY, REFERENCE
from rewardlab.rewards.base_rewards import BaseSamples, gold_rewards, read_base_samples
from rewardlab.rewards.saved_heads import ensemble_folders, head_weights
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold
from rewardlab.world.usage import usage


def judged(table: pd.DataFrame, base: dict[str, Base], names: list[str]) -> pd.DataFrame:
    """Return a row per prompt for one policy's responses; base: its samples by scorer."""
    ordered = table.sort_values(["prompt_id", "sample"], kind="stable")
    count = ordered.prompt_id.nunique()
    columns = {"kl": ordered.kl.to_numpy(float).reshape(count, -1)}
    prefixes = {MODEL: "reward", GOLD: "gold"}
    for scorer, of_base in base.items():
        values = [ordered[f"{prefixes[scorer]}_{name}"].to_numpy(float) for name in names]
        rewards = np.stack(values).reshape(len(names), count, -1)
        columns |= standings(rewards, of_base, scorer, names)
    columns |= {
        name: used.reshape(count, -1) for name, used in usage(ordered.response.tolist()).items()
    }
    row = {name: values.mean(1) for name, values in columns.items()}
    for name in (f"win_{scorer}_all" for scorer in base):
        row |= {f"{name}_{half}": columns[name][:, half::2].mean(1) for half in (0, 1)}
    return pd.DataFrame(row).assign(prompt_id=range(count))


@stage
def judge_policies(
    responses: Inputs,
    ended: Inputs,
    ensembles: Inputs,
    samples: Inputs,
    texts: Input,
    table: Output,
    world: WorldSettings | None,
    properties: list[str],
) -> None:
    """Policies of an experiment by evaluation prompt.

    ensembles, samples: of each property; texts: of the samples; world: the one whose gold rewards
    judge, none: responses come with what they are worth, if anything says so.
    """
    answers = pd.concat(map(pd.read_parquet, responses), ignore_index=True)
    ends = pd.concat(map(pd.read_parquet, ended), ignore_index=True)
    if answers.empty:
        raise UserError(f"no policy ended well: {ends.ended.iloc[0]}.")
    of_base = [read_base_samples(path) for path in samples]
    heads = [
        [head_weights(folder) for folder in ensemble_folders(open_artefact(manifest))]
        for manifest in ensembles
    ]
    order = {prompt: row for row, prompt in enumerate(of_base[0].texts)}
    answers = answers if world is None else with_gold(answers, world)
    answers = answers.assign(prompt_id=answers.prompt.map(order))
    if answers.prompt_id.isna().any():
        raise UserError(f"a policy answered a prompt that {samples[0]} does not have.")
    known = gold_rewards(of_base)
    gold = {} if known is None else {GOLD: base_of(known)}
    used = usage(pd.read_parquet(texts).query("use == 'base'").response.tolist())
    parts = []
    for place, of_heads in answers.groupby(["ensemble", "head"], sort=False):
        base = {MODEL: base_of(rewards_by(of_base, heads, *place)), **gold}
        found = [reference_rows(base, used, properties)]
        for key, rows in of_heads.groupby(KEY, sort=False):
            by_prompt = judged(rows, base, properties)
            found.append(by_prompt.assign(**dict(zip(KEY, key, strict=True))))
        parts += [part.assign(ensemble=place[0], head=place[1]) for part in found]
    pd.concat(parts, ignore_index=True).to_parquet(table, index=False)


def rewards_by(
    samples: list[BaseSamples], heads: list[list[np.ndarray]], ensemble: int, head: int
) -> np.ndarray:
    """Return the base's rewards (P, n, N) by one head of each property's ensemble."""
    chosen = [of_property[ensemble][head : head + 1] for of_property in heads]
    return np.stack([part.rewards(w)[0] for part, w in zip(samples, chosen, strict=True)])


def reference_rows(base: dict[str, Base], used, names: list[str]) -> pd.DataFrame:
    """Return the base model's own rows, by a policy's reward models and by gold."""
    columns = {}
    for scorer, of_base in base.items():
        columns |= standings(of_base.rewards, of_base, scorer, names)
    shape = base[MODEL].rewards.shape[1:]
    columns |= {name: values.reshape(shape) for name, values in used.items()}
    row = {name: values.mean(1) for name, values in columns.items()}
    table = pd.DataFrame(row).assign(prompt_id=range(shape[0]), kl=0.0)
    return table.assign(method=REFERENCE, factor=0.0, policy=-1)


if __name__ == "__main__":
    main(judge_policies)
