"""Win rates at one k, as Figure 1 of Reward Model Aggregation has them."""

import pandas as pd

from rewardlab.evaluation.bestofk import AND, OR
from rewardlab.evaluation.selection import SHARE_AND, SHARE_OR
from rewardlab.evaluation.tables import share
from rewardlab.settings.aggregation import AggregationSettings

# Figure 1's seven methods, in its order.
SEVEN = (
    "sigmoid_AND_oracle_median",
    "sigmoid_AND_predict_median",
    "sigmoid_AND",
    "sigmoid_OR_oracle_median",
    "sigmoid_OR_predict_median",
    "sigmoid_OR",
    "sum",
)
SHARES = {AND: SHARE_AND, OR: SHARE_OR}


def at_shown_k(rates: pd.DataFrame, settings: AggregationSettings, scored_by: list[str]):
    """Return the seven methods and the metrics' win shares at the shown k, and the rate at k = 1.

    base_rate: how often a response that nobody chose beats another one.
    """
    keys = ["scored_by", "metric", "method"]
    base = rates[rates.k.eq(1)].set_index(keys).win_rate.rename("base_rate")
    rates = rates.join(base, on=keys)
    by_share = rates.metric.map(SHARES).eq(rates.method)
    kept = rates.metric.isin((AND, OR)) & rates.k.eq(settings.shown_k)
    kept &= rates.scored_by.isin(scored_by) & (rates.method.isin(SEVEN) | by_share)
    return rates[kept].reset_index(drop=True)


def rates_in_words(table: pd.DataFrame) -> str:
    """Return a sentence for each metric: the win rates by method."""
    lines = []
    for (scored_by, metric), rows in table.groupby(["scored_by", "metric"], sort=False):
        values = ", ".join(f"{row.method} {share(row.win_rate)}" for row in rows.itertuples())
        k, prompts = rows.k.iloc[0], rows.prompts.iloc[0]
        who = "the models that were combined" if scored_by == "rewards" else "the judge"
        lines.append(
            f"{metric.upper()} win rate at k = {k} on {prompts} prompts, scored by {who}: {values}."
        )
    return "\n\n".join(lines)
