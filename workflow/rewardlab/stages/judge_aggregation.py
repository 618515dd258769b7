"""Judges the claims on combining rewards, A1 to A5, at every k, by the rules of the ledger.

Differences are paired by prompt. The claims table has the verdict at the shown k; the table by k
has all of them, by the models that were combined and by the judge.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation import verdicts
from rewardlab.evaluation.bestofk import AND, OR
from rewardlab.evaluation.statistics import bootstrap_means, percentile_interval
from rewardlab.evaluation.tables import write_csv
from rewardlab.evaluation.verdicts import Judgement, all_of, inside
from rewardlab.rewards.aggregation_settings import AggregationSettings

NONE = float("nan")
ABOVE = (0.0, np.inf)
ACCEPTABLE_LOSS = (-np.inf, 0.2)
OWN = {AND: "sigmoid_AND", OR: "sigmoid_OR"}
OTHER = {AND: "sigmoid_OR", OR: "sigmoid_AND"}
ORACLE, PREDICTED = "_oracle_median", "_predict_median"
METRICS = {"A1": (AND,), "A2": (OR,)}
NOTHING = {
    "A1": "the sum",
    "A2": "the sum",
    "A3": "no reference",
    "A4": "no reference",
    "A5": "the other function",
}


class Part(NamedTuple):
    """A claim on one metric at one k: a difference or a share, with its interval."""

    id: str
    scored_by: str
    metric: str
    k: int
    value: float
    ci_low: float
    ci_high: float
    verdict: str


class Rates:
    """Win rates by prompt at one k, resampled together."""

    def __init__(self, table: pd.DataFrame, rng: np.random.Generator, resamples: int) -> None:
        self.columns = table.columns
        self.mean = table.mean().to_numpy()
        self.means = bootstrap_means(table.to_numpy(), rng, resamples)

    def gain(self, metric: str, method: str, over: str) -> tuple[float, np.ndarray]:
        """Return how much more often one method wins than another: the mean, and resampled."""
        first, second = (self.columns.get_loc((metric, name)) for name in (method, over))
        return self.mean[first] - self.mean[second], self.means[:, first] - self.means[:, second]


def interval_of(values: np.ndarray) -> tuple[float, float]:
    low, high = percentile_interval(values)
    return float(low), float(high)


def compared(rates: Rates, claim: str, metric: str) -> tuple[float, tuple[float, float], str]:
    """Return a claim's value, interval and verdict on one metric."""
    own, other = OWN[metric], OTHER[metric]
    if claim == "A4":
        return share_lost(rates, metric)
    pairs = {
        "A1": (own + ORACLE, "sum"),
        "A2": (own + ORACLE, "sum"),
        "A3": (own + ORACLE, own),
        "A5": (own + ORACLE, other + ORACLE),
    }
    value, resampled = rates.gain(metric, *pairs[claim])
    interval = interval_of(resampled)
    return value, interval, inside(interval, ABOVE)


def share_lost(rates: Rates, metric: str) -> tuple[float, tuple[float, float], str]:
    """Return A4: the share of the oracle's gain over no reference that the prediction loses.

    Where the oracle gains nothing there is no share: what counts is whether the prediction does.
    """
    own = OWN[metric]
    oracle, oracles = rates.gain(metric, own + ORACLE, own)
    predicted, predictions = rates.gain(metric, own + PREDICTED, own)
    beats = inside(interval_of(predictions), ABOVE)
    if interval_of(oracles)[0] <= 0:
        return NONE, (NONE, NONE), beats
    interval = interval_of(1 - predictions / oracles)
    return 1 - predicted / oracle, interval, all_of(beats, inside(interval, ACCEPTABLE_LOSS))


def parts_by_k(by_prompt: pd.DataFrame, settings: AggregationSettings, seed: int) -> Iterator[Part]:
    """Yield every claim on every metric at every k above 1, by every scorer."""
    kept = by_prompt[by_prompt.metric.isin((AND, OR)) & by_prompt.k.gt(1)]
    for (scored_by, k), rows in kept.groupby(["scored_by", "k"], sort=True):
        table = rows.pivot(index="prompt_id", columns=["metric", "method"], values="win_rate")
        rates = Rates(table, np.random.default_rng(seed), settings.resamples)
        for claim in NOTHING:
            for metric in METRICS.get(claim, (AND, OR)):
                value, interval, verdict = compared(rates, claim, metric)
                yield Part(claim, scored_by, metric, int(k), float(value), *interval, verdict)


def judgement_of(claim: str, parts: pd.DataFrame, shown_k: int) -> Judgement:
    """Return the verdict at the shown k, and in the evidence that at every other."""
    own = parts[parts.id.eq(claim) & parts.scored_by.eq("rewards")]
    by_k = {k: all_of(*rows.verdict) for k, rows in own.groupby("k")}
    shown = own[own.k.eq(shown_k)]
    order = shown.sort_values("value", ascending=claim != "A4", na_position="last")
    worst = order.iloc[0]
    differences = "; ".join(_said(row) for row in shown.itertuples())
    said = [f"at k = {shown_k}, against {NOTHING[claim]}: {differences}"]
    groups: dict[str, list[str]] = {}
    for k, verdict in by_k.items():
        groups.setdefault(verdict, []).append(str(k))
    said.append(", ".join(f"{verdict} at k = {', '.join(ks)}" for verdict, ks in groups.items()))
    judged = parts[parts.id.eq(claim) & parts.scored_by.eq("judges") & parts.k.eq(shown_k)]
    if len(judged):
        said.append(f"by the judge {all_of(*judged.verdict)} at k = {shown_k}")
    return Judgement(
        claim, worst.value, worst.ci_low, worst.ci_high, by_k[shown_k], "; ".join(said)
    )


def _said(row) -> str:
    if np.isnan(row.value):
        return f"{row.metric.upper()} no gain of the oracle to lose"
    if row.id == "A4":
        return f"{row.metric.upper()} {100 * row.value:.0f} % of the oracle's gain lost"
    return f"{row.metric.upper()} {100 * row.value:+.1f} points"


def run(job: Job) -> None:
    settings = job.settings
    columns = list(Part._fields)
    if settings.source == "sampled":
        by_prompt = pd.read_parquet(job.inputs["by_prompt"])
        parts = pd.DataFrame(parts_by_k(by_prompt, settings, job.seed), columns=columns)
        judgements = [judgement_of(claim, parts, settings.shown_k) for claim in NOTHING]
    else:
        parts = pd.DataFrame(columns=columns)
        evidence = "two responses to a prompt: no third to compare with, and no median"
        judgements = [
            Judgement(claim, NONE, NONE, NONE, verdicts.NEEDS_SCALE, evidence) for claim in NOTHING
        ]
    write_csv(pd.DataFrame(judgements), job.outputs["claims"])
    write_csv(parts, job.outputs["by_k"])


COMMAND = Command(
    __spec__.name,
    run,
    settings=AggregationSettings,
    seeded=True,
    inputs=("by_prompt",),
    outputs=("claims", "by_k"),
)

if __name__ == "__main__":
    COMMAND.main()
