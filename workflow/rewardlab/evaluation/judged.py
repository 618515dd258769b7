"""What a judge in words says of drawn pairs, property by property, beside gold on the same
pairs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rewardlab.evaluation.tables import share
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold

JUDGE, GOLD = "judge", "gold"
ALL = "all"
ONE = "one"  # the method that does not choose


def read_judged(
    files: Sequence[Path], properties: Sequence[str], world: WorldSettings | None
) -> pd.DataFrame:
    """Return the pairs with win_judge_<property> and win_judge_all, the product: 1 if it won.

    files: a table of verdicts for each property, with equal rows; world: the same by gold as
    win_gold_..., whose ties count half; none: no gold is known.
    """
    tables = [pd.read_parquet(file) for file in files]
    found = tables[0].drop(columns="preferred")
    for name, table in zip(properties, tables, strict=True):
        found[f"win_{JUDGE}_{name}"] = table.preferred.to_numpy(float)
    scorers = [JUDGE]
    if world is not None:
        scorers.append(GOLD)
        sides = [
            with_gold(found[["prompt"]].assign(response=found[side]), world)
            for side in ("first", "second")
        ]
        for name in properties:
            first, second = (side[f"gold_{name}"] for side in sides)
            found[f"win_{GOLD}_{name}"] = (np.sign(first - second) + 1) / 2
    for scorer in scorers:
        parts = [found[f"win_{scorer}_{name}"] for name in properties]
        found[f"win_{scorer}_{ALL}"] = np.prod(parts, axis=0)
    return found


def agreement(table: pd.DataFrame, name: str) -> float:
    """Return the share of pairs on which judge and gold agree, of those that neither ties on."""
    judge, gold = table[f"win_{JUDGE}_{name}"], table[f"win_{GOLD}_{name}"]
    decided = judge.isin([0.0, 1.0]) & gold.ne(0.5)
    return float((judge[decided] == gold[decided]).mean()) if decided.any() else float("nan")


def agreements(table: pd.DataFrame, properties: Sequence[str], world: WorldSettings | None) -> str:
    """Return a sentence on how often judge and gold agree, by property; none, without gold."""
    if world is None:
        return ""
    said = ", ".join(f"{name} {share(agreement(table, name))}" for name in properties)
    return f" Where neither ties, the judge agrees with gold on {said} of the pairs."
