"""A table of scored responses as arrays: rewards by head, and the two sides of its pairs."""

import numpy as np
import pandas as pd

from rewardlab.evaluation.rewardbench import section_of
from rewardlab.running.errors import UserError


def rewards_of(scores: pd.DataFrame) -> np.ndarray:
    """Return the rewards (n, K) of a table of scores, as float64."""
    heads = [name for name in scores.columns if name.removeprefix("reward_").isdigit()]
    return scores[heads].to_numpy(float)


def sides(scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the chosen and the rejected responses, row by row of the same pairs.

    Subsets of RewardBench are named by their section, of which the paper's four sets are four.
    """
    chosen, rejected = (
        scores[scores.side.eq(side)].sort_values("id", kind="stable").reset_index(drop=True)
        for side in ("chosen", "rejected")
    )
    for table in (chosen, rejected):
        table["subset"] = table.subset.map(section_of)
    if not chosen.id.equals(rejected.id):
        raise UserError("the scores do not hold both sides of every pair.")
    return chosen, rejected
