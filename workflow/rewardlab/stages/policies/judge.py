"""Judges the responses of an experiment's policies, and reduces them to a row per policy.

Columns: method, factor (of the KL coefficient), policy, ensemble, head, trial, ended, judged (mean
judged reward), noise (the variance of the judging in it), kl (mean divergence from the reference
over the evaluation prompts). Policies that did not end well have no values.
"""

from pathlib import Path

import pandas as pd

from rewardlab.evaluation.spread import judged
from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.names import KEY
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold

COLUMNS = [*KEY, "ensemble", "head", "trial", "ended", "judged", "noise", "kl"]


def policy_table(responses: pd.DataFrame, ended: pd.DataFrame, judge: str) -> pd.DataFrame:
    """Return the row of each policy; judge: the column with the judge's reward."""
    rows = []
    for key, table in responses.groupby(KEY, sort=False):
        ordered = table.sort_values(["prompt_id", "sample"], kind="stable")
        rewards = ordered[judge].to_numpy(float).reshape(ordered.prompt_id.nunique(), -1)
        rows.append((*key, *judged(rewards), table.kl.mean()))
    values = pd.DataFrame(rows, columns=[*KEY, "judged", "noise", "kl"])
    table = ended.merge(values, on=KEY, how="left").reindex(columns=COLUMNS)
    return table.astype(dict.fromkeys(("policy", "ensemble", "head", "trial"), "Int64"))


@stage
def judge_policies(
    responses: Inputs,
    ended: Inputs,
    policies: Output,
    all_steps: Output,
    world: WorldSettings,
    judge: str,
    steps: Inputs = (),
) -> None:
    """Every policy of an experiment, judged by the world's gold reward; and all their steps."""
    tables = (_together(paths) for paths in (responses, ended, steps))
    answers, ends, seen = tables
    if answers.empty:
        raise UserError(f"no policy ended well: {ends.ended.iloc[0]}.")
    write_csv(policy_table(with_gold(answers, world), ends, judge), policies)
    seen.to_parquet(all_steps, index=False)


def _together(paths: list[Path]) -> pd.DataFrame:
    tables = [pd.read_parquet(path) for path in paths]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


if __name__ == "__main__":
    main(judge_policies)
