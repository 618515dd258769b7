"""What best-of-k measures for the claims on combining rewards, A1 to A5, at every k.

Differences are paired by prompt. The claims table has the verdict at the shown k; the table by k
has all of them, by the models that were combined and by the judge.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rewardlab.evaluation.bestofk import AND, OR
from rewardlab.evaluation.decisions import Quantity, Rule, all_of, decide
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.statistics import bootstrap_means, percentile_interval
from rewardlab.evaluation.tables import write_csv
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.aggregation import AggregationSettings
from rewardlab.settings.types import Seed

NAN = float("nan")
FUNCTION = {AND: "sigmoid_AND", OR: "sigmoid_OR"}
OTHER = {AND: "sigmoid_OR", OR: "sigmoid_AND"}
ORACLE, PREDICTED = "_oracle_median", "_predict_median"
GAIN, LOSS = "gain", "share lost"


class Comparison(NamedTuple):
    """What a claim compares: metrics, the endings of two methods' names, and the second in words.

    other: a whole name, or the ending of the metric's own function.
    """

    metrics: tuple[str, ...]
    method: str
    other: str
    against: str


CLAIMS = {
    "A1": Comparison((AND,), ORACLE, "sum", "the sum"),
    "A2": Comparison((OR,), ORACLE, "sum", "the sum"),
    "A3": Comparison((AND, OR), ORACLE, "", "no reference"),
    "A4": Comparison((AND, OR), PREDICTED, "", "no reference"),
    "A5": Comparison((AND, OR), ORACLE, "other", "the other function"),
}


class Row(NamedTuple):
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


def quantity(value: float, resampled: np.ndarray) -> Quantity:
    low, high = percentile_interval(resampled)
    return Quantity(float(value), float(low), float(high))


def measured(rates: Rates, claim: str, metric: str) -> dict[str, Quantity]:
    """Return a claim's quantities on one metric.

    A4 also has the share of the oracle's gain over no reference that the prediction loses. Where
    the oracle gains nothing there is no share: what counts is whether the prediction does.
    """
    function, what = FUNCTION[metric], CLAIMS[claim]
    over = {"sum": "sum", "other": OTHER[metric] + ORACLE, "": function}[what.other]
    gain = rates.gain(metric, function + what.method, over)
    found = {GAIN: quantity(*gain)}
    if claim == "A4":
        oracle = rates.gain(metric, function + ORACLE, function)
        if quantity(*oracle).low > 0:
            found[LOSS] = quantity(1 - gain[0] / oracle[0], 1 - gain[1] / oracle[1])
    return found


def shown_of(claim: str, found: dict[str, Quantity]) -> Quantity:
    """Return the quantity that stands in the tables: the share lost of A4, else the gain."""
    return found.get(LOSS, Quantity(NAN)) if claim == "A4" else found[GAIN]


Found = dict[tuple[str, str, str, int], dict[str, Quantity]]


def measure(by_prompt: pd.DataFrame, settings: AggregationSettings, seed: int) -> Found:
    """Return every claim's quantities by (claim, scorer, metric, k), at every k above 1."""
    kept = by_prompt[by_prompt.metric.isin((AND, OR)) & by_prompt.k.gt(1)]
    found = {}
    for (scored_by, k), rows in kept.groupby(["scored_by", "k"], sort=True):
        table = rows.pivot(index="prompt_id", columns=["metric", "method"], values="win_rate")
        rates = Rates(table, np.random.default_rng(seed), settings.resamples)
        for claim, what in CLAIMS.items():
            for metric in what.metrics:
                found[claim, scored_by, metric, int(k)] = measured(rates, claim, metric)
    return found


def rows_by_k(found: Found, rules: dict[str, Rule]) -> Iterator[Row]:
    """Yield every claim, decided on every metric at every k, by every scorer."""
    for (claim, scored_by, metric, k), quantities in found.items():
        by_metric = {name: {metric: value} for name, value in quantities.items()}
        verdict = decide(rules[claim], by_metric)
        yield Row(claim, scored_by, metric, k, *shown_of(claim, quantities)[:3], verdict)


def finding_of(claim: str, found: Found, rows: pd.DataFrame, shown_k: int) -> Finding:
    """Return a claim at the shown k, and in the evidence its verdict at every other."""
    quantities: dict[str, dict[str, Quantity]] = {}
    for (name, scored_by, metric, k), parts in found.items():
        if (name, scored_by, k) == (claim, "rewards", shown_k):
            for label, value in parts.items():
                quantities.setdefault(label, {})[metric] = value
    of_claim = rows[rows.id.eq(claim) & rows.scored_by.eq("rewards")]
    shown = of_claim[of_claim.k.eq(shown_k)]
    order = shown.sort_values("value", ascending=claim != "A4", na_position="last")
    worst = order.iloc[0]
    differences = "; ".join(_in_words(row) for row in shown.itertuples())
    evidence = [f"at k = {shown_k}, against {CLAIMS[claim].against}: {differences}"]
    groups: dict[str, list[str]] = {}
    for k, parts in of_claim.groupby("k"):
        groups.setdefault(all_of(list(parts.verdict)), []).append(str(k))
    evidence.append(", ".join(f"{name} at k = {', '.join(ks)}" for name, ks in groups.items()))
    judged = rows[rows.id.eq(claim) & rows.scored_by.eq("judges") & rows.k.eq(shown_k)]
    if len(judged):
        evidence.append(f"by the judge {all_of(list(judged.verdict))} at k = {shown_k}")
    value = Quantity(worst.value, worst.ci_low, worst.ci_high)
    return Finding(claim, quantities, value, "; ".join(evidence))


def _in_words(row) -> str:
    if np.isnan(row.value):
        return f"{row.metric.upper()} no gain of the oracle to lose"
    if row.id == "A4":
        return f"{row.metric.upper()} {100 * row.value:.0f} % of the oracle's gain lost"
    return f"{row.metric.upper()} {100 * row.value:+.1f} points"


@stage
def aggregation(
    by_prompt: Input,
    findings: Output,
    by_k: Output,
    settings: AggregationSettings,
    rules: dict[str, dict[str, Any]],
    seed: Seed,
) -> None:
    """A1 to A5; rules: claim -> its rule in the ledger, for the verdicts at every k."""
    decided = {claim: Rule.model_validate(rule, strict=False) for claim, rule in rules.items()}
    if settings.source == "sampled":
        found = measure(pd.read_parquet(by_prompt), settings, seed)
        rows = pd.DataFrame(rows_by_k(found, decided), columns=Row._fields)
        claims = [finding_of(claim, found, rows, settings.shown_k) for claim in CLAIMS]
    else:
        rows = pd.DataFrame(columns=Row._fields)
        evidence = "two responses to a prompt: no third to compare with, and no median"
        claims = [Finding(claim, {}, Quantity(NAN), evidence) for claim in CLAIMS]
    write_findings(claims, findings)
    write_csv(rows, by_k)


if __name__ == "__main__":
    main(aggregation)
