"""Judges the claims on reward models, U1, U8 to U12, U17 and U18, by the rules of the ledger."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from rewardlab.command_line import Command, Job
from rewardlab.evaluation import verdicts
from rewardlab.evaluation.ensembles import (
    centred,
    gaussian_kurtosis,
    kurtosis,
    mean_absolute_correlation,
    standard_deviates,
)
from rewardlab.evaluation.rewardbench import recomputed
from rewardlab.evaluation.statistics import bootstrap_interval
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.evaluation.verdicts import Judgement, all_of, inside
from rewardlab.stages.tabulate_heads import rewards_of, sides

NONE = float("nan")
ABOVE = float("inf")

# Bounds of the decision rules, as the ledger states them.
WIDE_RANGE = (0.5, ABOVE)
PRINTED_VARIANCES = {"mean": (4.0, ABOVE), "median": (3.0, ABOVE)}
NOT_A_TRANSLATION = (0.01, ABOVE)
HEADS_END = (0.15, 0.25)
COMPARABLE = 0.05
PAIRS_OF_RESPONSES = 2000


def judge_range(scores: pd.DataFrame, seed: int) -> Judgement:
    """Return U1: the range of the heads' rewards of one response, over all responses' spread.

    The interval is over which response is looked at: the ratio's mean over chosen responses.
    """
    rewards = rewards_of(scores)
    ranges = np.ptp(rewards[scores.side.eq("chosen")], axis=1) / rewards.std(0, ddof=1).mean()
    interval = bootstrap_interval(lambda s: s.mean(1), ranges, np.random.default_rng(seed))
    evidence = (
        "mean range of the heads' rewards of a chosen response, over the standard deviation of one "
        f"head's rewards over responses; for the pair of Figure 1 it is {ranges[0]:.2f}"
    )
    return Judgement("U1", ranges.mean(), *interval, inside(interval, WIDE_RANGE), evidence)


def judge_table(printed: dict) -> Judgement:
    """Return U8: printed averages against those of the printed sections, within rounding."""
    table = recomputed(printed["rows"], printed["columns"])
    gaps = (table.average - table.recomputed).abs()
    # Sections are rounded to 0.05 and so is the average: together they can differ by 0.1.
    verdict = verdicts.REPRODUCED if gaps.max() <= 0.1 + 1e-9 else verdicts.NOT_REPRODUCED
    worst = table.model[gaps.idxmax()]
    evidence = (
        f"largest difference of an average from its sections ({worst}); our score needs scale"
    )
    return Judgement("U8", float(gaps.max()), NONE, NONE, verdict, evidence)


def judge_variances(table: pd.DataFrame, kind: str, seed: int) -> Iterator[Judgement]:
    """Yield U9 and U10: variances of accepted rewards and of differences, on every set."""
    raw = table[table.centring.eq("raw")]
    accepted, difference = (raw[raw.quantity.eq(name)] for name in ("accepted", "difference"))
    said, verdict_parts, lowest = [], [], None
    for subset, rows in accepted.groupby("subset", sort=False):
        values = rows.variance.to_numpy()
        for name, function in (("mean", np.mean), ("median", np.median)):
            interval = bootstrap_interval(
                lambda s, function=function: function(s, axis=1),
                values,
                np.random.default_rng(seed),
            )
            verdict_parts.append(inside(interval, PRINTED_VARIANCES[name]))
            if name == "median" and (lowest is None or function(values) < lowest[0]):
                lowest = float(function(values)), *interval
        said.append(f"{subset} {values.mean():.2f} / {np.median(values):.2f}")
    evidence = (
        f"mean / median by set: {', '.join(said)}; the value is the lowest median; with {kind} "
        "heads the range is set by how far apart they start, a choice of ours"
    )
    yield Judgement("U9", *lowest, all_of(*verdict_parts), evidence)

    shares = []
    for _, rows in difference.groupby("subset", sort=False):
        mine = accepted[accepted.subset.eq(rows.subset.iloc[0])]
        both = np.stack([rows.variance.to_numpy(), mine.variance.to_numpy()], 1)
        interval = bootstrap_interval(
            lambda s: s[..., 0].mean(1) / s[..., 1].mean(1), both, np.random.default_rng(seed)
        )
        shares.append((both[:, 0].mean() / both[:, 1].mean(), *interval))
    smallest = min(shares)
    verdict = all_of(*(inside(part[1:], NOT_A_TRANSLATION) for part in shares))
    evidence = "mean variance of the difference over that of the accepted reward, smallest set"
    yield Judgement("U10", *smallest, verdict, evidence)


def judge_losses(table: pd.DataFrame, seed: int) -> Judgement:
    """Return U11: where the smoothed training losses ended."""
    last = table.groupby(["model", "head"]).smoothed.last()
    heads, single = last["ensemble"].to_numpy(), float(last["single model"].iloc[0])
    interval = bootstrap_interval(lambda s: s.mean(1), heads, np.random.default_rng(seed))
    below = inside(interval, (-ABOVE, single))
    verdict = all_of(inside(interval, HEADS_END), below)
    evidence = f"mean final loss of the heads; the single model's is {single:.3f}"
    return Judgement("U11", heads.mean(), *interval, verdict, evidence)


def judge_accuracies(scores: pd.DataFrame, single: pd.DataFrame, seed: int) -> Judgement:
    """Return U12: every head's accuracy less the single model's, paired by pair, on every set."""
    (chosen, rejected), (mine, other) = sides(scores), sides(single)
    heads = (rewards_of(chosen) > rewards_of(rejected)).astype(float)
    alone = (rewards_of(mine) > rewards_of(other)).astype(float)
    parts = []
    for subset in chosen.subset.unique():
        gaps = (heads - alone)[chosen.subset.eq(subset).to_numpy()]
        for head in range(gaps.shape[1]):
            interval = bootstrap_interval(
                lambda s: s.mean(1), gaps[:, head], np.random.default_rng(seed), resamples=500
            )
            name = f"head {head + 1} on {subset}"
            parts.append((float(gaps[:, head].mean()), interval, name))
    value, interval, name = min(parts)
    verdict = all_of(*(inside(part[1], (-COMPARABLE, COMPARABLE)) for part in parts))
    within = np.mean([abs(part[0]) <= COMPARABLE for part in parts])
    evidence = (
        f"accuracy of the worst head less the single model's ({name}); {within:.0%} of heads and "
        "sets are within five points"
    )
    return Judgement("U12", value, *interval, verdict, evidence)


def judge_gaussian(scores: pd.DataFrame, seed: int) -> Judgement:
    """Return U18: normality and independence over responses of the heads' deviations."""
    rng = np.random.default_rng(seed)
    deviates = standard_deviates(centred(rewards_of(scores)))
    heads = deviates.shape[1]
    pairs = rng.integers(len(deviates), size=(PAIRS_OF_RESPONSES, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    found = mean_absolute_correlation(deviates, pairs)
    # What independent Gaussian heads of the same number give, by drawing them.
    null = standard_deviates(rng.standard_normal((4000, heads)))
    expected = mean_absolute_correlation(null, np.arange(4000).reshape(-1, 2)).mean()
    interval = bootstrap_interval(lambda s: s.mean(1), found, rng)
    fourth = (deviates**4).mean(1)
    tails = bootstrap_interval(lambda s: s.mean(1), fourth, rng)
    agree = interval[0] <= expected <= interval[1] and (
        tails[0] <= gaussian_kurtosis(heads) <= tails[1]
    )
    verdict = verdicts.REPRODUCED if agree else verdicts.NOT_REPRODUCED
    evidence = (
        "mean absolute correlation of the heads' deviations between two responses; independent "
        f"Gaussian heads give {expected:.2f}; kurtosis {kurtosis(deviates):.2f} "
        f"[{tails[0]:.2f}, {tails[1]:.2f}], Gaussian {gaussian_kurtosis(heads):.2f}"
    )
    return Judgement("U18", found.mean(), *interval, verdict, evidence)


def judge_cost(costs: pd.DataFrame) -> Judgement:
    """Return U17: settings and cost stand beside the paper's; its machines were not used."""
    evidence = (
        "settings and measured cost stand in Tables 2 to 8 beside the paper's, whose machines and "
        "model size were not run; value: parameters of the heads"
    )
    parameters = costs[costs.quantity.eq("trainable parameters")].set_index("model").here
    value = float(parameters["ensemble of heads"])
    return Judgement("U17", value, NONE, NONE, verdicts.NEEDS_SCALE, evidence)


def run(job: Job) -> None:
    scores, single = (pd.read_parquet(job.inputs[name]) for name in ("ensemble", "single"))
    printed = yaml.safe_load(Path(job.inputs["printed"]).read_text())["uncertainty_table1"]
    judgements = [
        judge_range(scores, job.seed),
        judge_table(printed),
        *judge_variances(read_csv(job.inputs["variances"]), job.options["kind"], job.seed),
        judge_losses(read_csv(job.inputs["losses"]), job.seed),
        judge_accuracies(scores, single, job.seed),
        judge_gaussian(scores, job.seed),
        judge_cost(read_csv(job.inputs["costs"])),
    ]
    write_csv(pd.DataFrame(judgements), job.outputs["claims"])


COMMAND = Command(
    __spec__.name,
    run,
    seeded=True,
    inputs=("ensemble", "single", "variances", "losses", "costs", "printed"),
    outputs=("claims",),
    options={"kind": "kind of the ensemble's heads, for the evidence"},
)

if __name__ == "__main__":
    COMMAND.main()
