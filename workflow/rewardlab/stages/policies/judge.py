"""Judges the responses of an experiment's policies, and reduces them to a row per policy.

Columns: method, factor (of the KL coefficient), policy, ensemble, head, trial, ended, judged (mean
judged reward), noise (the variance of the judging in it), kl (mean divergence from the reference
over the evaluation prompts), and judged and noise by other values of the dialect, judged_<value>.
Policies that did not end well have no values.
"""

from pathlib import Path

import pandas as pd

from rewardlab.evaluation.spread import judged
from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.names import JUDGED, KEY, NOISE_OF_JUDGING
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import gold_by_value, with_gold

COLUMNS = [*KEY, "ensemble", "head", "trial", "ended", JUDGED, NOISE_OF_JUDGING, "kl"]


def policy_table(
    responses: pd.DataFrame, ended: pd.DataFrame, judges: dict[str, str]
) -> pd.DataFrame:
    """Return the row of each policy; judges: columns of rewards, by what their names end with."""
    rows = []
    for key, table in responses.groupby(KEY, sort=False):
        ordered = table.sort_values(["prompt_id", "sample"], kind="stable")
        row = dict(zip(KEY, key, strict=True)) | {"kl": table.kl.mean()}
        for end, column in judges.items():
            rewards = ordered[column].to_numpy(float).reshape(ordered.prompt_id.nunique(), -1)
            found = judged(rewards)
            row |= {f"{JUDGED}{end}": found.mean, f"{NOISE_OF_JUDGING}{end}": found.noise}
        rows.append(row)
    others = [f"{name}{end}" for end in judges if end for name in (JUDGED, NOISE_OF_JUDGING)]
    values = pd.DataFrame(rows)
    table = ended.merge(values, on=KEY, how="left").reindex(columns=[*COLUMNS, *others])
    return table.astype(dict.fromkeys(("policy", "ensemble", "head", "trial"), "Int64"))


@stage
def judge_policies(
    responses: Inputs,
    ended: Inputs,
    policies: Output,
    all_steps: Output,
    world: WorldSettings | None,
    preferences: str,
    values: list[str],
    steps: Inputs = (),
) -> None:
    """Every policy of an experiment, judged; and all their steps.

    world: the one whose gold reward judges, none: responses come with what they are worth;
    preferences: the set by which they are judged; values: other ones of the world's dialect, by
    which the same responses are judged as well.
    """
    tables = (_together(paths) for paths in (responses, ended, steps))
    answers, ends, seen = tables
    if answers.empty:
        raise UserError(f"no policy ended well: {ends.ended.iloc[0]}.")
    judge = f"gold_{preferences}"
    if world is not None:
        answers = with_gold(answers, world)
        for value, gold in gold_by_value(answers, world, values, judge).items():
            answers[f"{judge}_{value}"] = gold
    judges = {"": judge} | {f"_{value}": f"{judge}_{value}" for value in values}
    write_csv(policy_table(answers, ends, judges), policies)
    seen.to_parquet(all_steps, index=False)


def _together(paths: list[Path]) -> pd.DataFrame:
    tables = [pd.read_parquet(path) for path in paths]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


if __name__ == "__main__":
    main(judge_policies)
