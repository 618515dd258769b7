"""The tables of the aggregation figures: Figure 1, win rates by k, the judge's, the references."""

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.bestofk import AND, OR
from rewardlab.evaluation.tables import read_csv, share, write_csv
from rewardlab.rewards.aggregation_settings import AggregationSettings
from rewardlab.rewards.selection import CEILING_AND, CEILING_OR

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
CEILINGS = {AND: CEILING_AND, OR: CEILING_OR}


def at_shown_k(rates: pd.DataFrame, settings: AggregationSettings, scored_by: list[str]):
    """Return the seven methods and each metric's ceiling at the shown k, beside the rate at k = 1.

    base_rate: how often a response that nobody chose beats another one.
    """
    keys = ["scored_by", "metric", "method"]
    base = rates[rates.k.eq(1)].set_index(keys).win_rate.rename("base_rate")
    rates = rates.join(base, on=keys)
    ceiling = rates.metric.map(CEILINGS).eq(rates.method)
    kept = rates.metric.isin((AND, OR)) & rates.k.eq(settings.shown_k)
    kept &= rates.scored_by.isin(scored_by) & (rates.method.isin(SEVEN) | ceiling)
    return rates[kept].reset_index(drop=True)


def said_of(table: pd.DataFrame) -> str:
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


def fig1(rates: pd.DataFrame, pool: pd.DataFrame, settings: AggregationSettings):
    """Return Figure 1: the seven methods at the shown k."""
    table = at_shown_k(rates, settings, ["rewards"])
    return table, said_of(table)


def judge(rates: pd.DataFrame, pool: pd.DataFrame, settings: AggregationSettings):
    """Return Figure 1 scored by the judge, beside the models' own scores."""
    table = at_shown_k(rates, settings, ["rewards", "judges"])
    return table, said_of(table)


def by_k(rates: pd.DataFrame, pool: pd.DataFrame, settings: AggregationSettings):
    """Return the win rates of all methods at all k."""
    kept = rates.metric.isin((AND, OR)) & rates.scored_by.eq("rewards")
    table = rates[kept].reset_index(drop=True)
    lines = []
    for metric, rows in table[table.method.isin(SEVEN)].groupby("metric"):
        best = rows[rows.k.gt(1)].sort_values("win_rate").groupby("k").tail(1).sort_values("k")
        winners = ", ".join(f"{row.method} at k = {row.k}" for row in best.itertuples())
        if winners:
            lines.append(f"Highest {metric.upper()} win rate of the seven: {winners}.")
    return table, "\n\n".join(lines) or "With one response to choose from, no method can differ."


def reference(rates: pd.DataFrame, pool: pd.DataFrame, settings: AggregationSettings):
    """Return oracle and predicted quantiles of each prompt."""
    others = pool[pool.use.eq("reference")]
    parts = []
    for name in settings.properties:
        groups = others.groupby("prompt_id", sort=True)
        for label, quantile in settings.quantiles.items():
            columns = {
                "property": name,
                "quantile": label,
                "oracle": groups[name].quantile(quantile),
                "predicted": groups[f"{name}_predict_{label}"].first(),
                "refusal": groups[f"{name}_refusal"].first(),
            }
            parts.append(pd.DataFrame(columns).reset_index())
    table = pd.concat(parts, ignore_index=True)
    said = []
    for (name, label), rows in table.groupby(["property", "quantile"], sort=False):
        error = float(np.sqrt(((rows.predicted - rows.oracle) ** 2).mean()))
        said.append(
            f"{name}, {label}: the prediction explains "
            f"{share(max(0.0, 1 - error**2 / rows.oracle.var(ddof=0)))} of the oracle's variance "
            f"over {len(rows)} prompts (root mean square error {error:.2f}, standard deviation of "
            f"the oracle {rows.oracle.std(ddof=0):.2f})"
        )
    return table, "; ".join(said) + "."


ITEMS = {"fig1": fig1, "judge": judge, "by_k": by_k, "reference": reference}


def run(job: Job) -> None:
    rates, pool = read_csv(job.inputs["win_rates"]), pd.read_parquet(job.inputs["pool"])
    table, said = ITEMS[job.options["item"]](rates, pool, job.settings)
    if job.settings.source == "heldout":
        said += (
            "\n\nThis pool holds both sides of held-out preference pairs. With two responses there "
            "is nothing to compare the better one with and no median to centre on: k is 1, every "
            "method has the base model's win rate, and the claims need scale. What was tried here "
            "is the tool on real rewards; the responses that each method chooses stand beside it."
        )
    write_csv(table, job.outputs["table"])
    job.outputs["findings"].write_text(said + "\n")


COMMAND = Command(
    __spec__.name,
    run,
    settings=AggregationSettings,
    inputs=("win_rates", "pool"),
    outputs=("table", "findings"),
    options={"item": "fig1, by_k, judge or reference"},
)

if __name__ == "__main__":
    COMMAND.main()
