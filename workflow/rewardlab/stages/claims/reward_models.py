"""What the reward models measure for the claims U1, U8 to U12, U17, U18 and U22."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.decisions import REPRODUCED, Quantity, Rule, exact
from rewardlab.evaluation.ensembles import (
    centred,
    gaussian_kurtosis,
    kurtosis,
    mean_absolute_correlation,
    standard_deviates,
)
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.rewardbench import recomputed
from rewardlab.evaluation.scores import rewards_of, sides
from rewardlab.evaluation.statistics import bootstrap_interval
from rewardlab.evaluation.tables import read_csv
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.types import Seed

ALL = ""  # what a quantity was measured on, where there is only one
PAIRS_OF_RESPONSES = 2000
OWN = "The paper's model"  # among the rows of Table 1
LARGER = ("Qwen1.5-72B-Chat",)  # those of them that are no models of two billion parameters


def bootstrapped(statistic: Callable, sample: np.ndarray, seed: int, **options) -> Quantity:
    """Return a statistic of units with its bootstrap interval; it maps (m, n, ...) to (m,)."""
    rng = np.random.default_rng(seed)
    interval = bootstrap_interval(statistic, sample, rng, **options)
    return Quantity(float(statistic(sample[None])[0]), *interval)


def mean(sample: np.ndarray) -> np.ndarray:
    return sample.mean(1)


def range_finding(scores: pd.DataFrame, seed: int) -> Finding:
    """Return U1: the range of the heads' rewards of one response, over all responses' spread.

    The interval is over which response is looked at: the ratio's mean over chosen responses.
    """
    rewards = rewards_of(scores)
    ranges = np.ptp(rewards[scores.side.eq("chosen")], axis=1) / rewards.std(0, ddof=1).mean()
    evidence = (
        "mean range of the heads' rewards of a chosen response, over the standard deviation of one "
        f"head's rewards over responses; for the pair of Figure 1 it is {ranges[0]:.2f}"
    )
    quantities = {"range": {ALL: bootstrapped(mean, ranges, seed)}}
    return Finding("U1", quantities, ("range", ALL), evidence)


def table_finding(printed: dict[str, Any]) -> Finding:
    """Return U8a: how far printed averages are from those of the printed sections."""
    table = recomputed(printed["rows"], printed["columns"])
    gaps = (table.average - table.recomputed).abs()
    worst = table.model[gaps.idxmax()]
    evidence = (
        f"largest difference of an average from its sections ({worst}); our score needs scale"
    )
    quantities = {"gap": dict(zip(table.model, map(exact, gaps), strict=True))}
    return Finding("U8a", quantities, ("gap", worst), evidence)


def variance_findings(
    table: pd.DataFrame, drawn: pd.DataFrame, kind: str, seed: int
) -> list[Finding]:
    """Return U9 and U10: variances of accepted rewards and of differences, on every set.

    drawn: heads drawn again, by their initial deviation.
    """
    raw = table[table.centring.eq("raw")]
    accepted, difference = (
        {
            subset: rows.variance.to_numpy()
            for subset, rows in raw[raw.quantity.eq(name)].groupby("subset", sort=False)
        }
        for name in ("accepted", "difference")
    )
    means = {subset: bootstrapped(mean, values, seed) for subset, values in accepted.items()}
    medians = {
        subset: bootstrapped(lambda sample: np.median(sample, axis=1), values, seed)
        for subset, values in accepted.items()
    }
    by_set = ", ".join(
        f"{subset} {means[subset].value:.2f} / {medians[subset].value:.2f}" for subset in accepted
    )
    evidence = (
        f"mean / median by set: {by_set}; the value is the lowest median; with {kind} heads the "
        "range is set by how far apart they start, a choice of ours: means and medians are as "
        f"stated in {_by_deviation(drawn, 'meets_means')} of redrawn ensembles, the stated range "
        f"in {drawn.meets_range.mean():.0%} of all"
    )
    lowest = min(medians, key=lambda subset: medians[subset].value)
    quantities = {"mean": means, "median": medians}
    ranges = Finding("U9", quantities, ("median", lowest), evidence)

    shares = {
        subset: bootstrapped(
            lambda sample: sample[..., 0].mean(1) / sample[..., 1].mean(1),
            np.stack([values, accepted[subset]], 1),
            seed,
        )
        for subset, values in difference.items()
    }
    evidence = "mean variance of the difference over that of the accepted reward, smallest set"
    smallest = min(shares, key=lambda subset: shares[subset].value)
    return [ranges, Finding("U10", {"share": shares}, ("share", smallest), evidence)]


def loss_finding(table: pd.DataFrame, seed: int) -> Finding:
    """Return U11: where the smoothed training losses ended."""
    last = table.groupby(["model", "head"]).smoothed.last()
    single = float(last["single model"].iloc[0])
    heads = bootstrapped(mean, last["ensemble"].to_numpy(), seed)
    quantities = {
        "final loss of the heads": {ALL: heads},
        "the same less the single model's": {ALL: Quantity(*(part - single for part in heads[:3]))},
    }
    evidence = f"mean final loss of the heads; the single model's is {single:.3f}"
    return Finding("U11", quantities, ("final loss of the heads", ALL), evidence)


def _by_deviation(drawn: pd.DataFrame, column: str) -> str:
    """Return the share of redrawn ensembles that a claim holds in, by initial deviation."""
    shares = drawn.groupby("initial_deviation")[column].mean()
    return ", ".join(f"{share:.0%} ({deviation:g})" for deviation, share in shares.items())


def comparable_finding(printed: dict[str, Any]) -> Finding:
    """Return U8b: the paper's average less those of the models that it compares itself with."""
    averages = {name: values[0] for name, values in printed["rows"].items() if name not in LARGER}
    own = averages.pop(OWN)
    gaps = {name: exact(own - value) for name, value in averages.items()}
    behind = sum(gap.value < 0 for gap in gaps.values())
    best = min(gaps, key=lambda name: gaps[name].value)
    evidence = (
        f"behind {behind} of {len(gaps)} other 2B models, by {-gaps[best].value:.1f} points at "
        f"most ({best}); {' and '.join(LARGER)} stands in the table, too"
    )
    return Finding("U8b", {"lead": gaps}, ("lead", best), evidence)


def accuracy_finding(
    scores: pd.DataFrame, full: pd.DataFrame, drawn: pd.DataFrame, rule: Rule, seed: int
) -> Finding:
    """Return U12: every head's accuracy less the fully tuned model's, paired by pair, on every set.

    drawn: heads drawn again; rule: the ledger's, for the share of heads and sets that meet it.
    """
    (chosen, rejected), (chosen_alone, rejected_alone) = sides(scores), sides(full)
    heads = (rewards_of(chosen) > rewards_of(rejected)).astype(float)
    alone = (rewards_of(chosen_alone) > rewards_of(rejected_alone)).astype(float)
    gaps = {}
    for subset in chosen.subset.unique():
        inside = chosen.subset.eq(subset).to_numpy()
        for head in range(heads.shape[1]):
            paired = (heads[:, head] - alone[:, 0])[inside]
            name = f"head {head + 1} on {subset}"
            gaps[name] = bootstrapped(mean, paired, seed, resamples=500)
    # Of equal heads the first in the alphabet of intervals, so that the choice is reproducible.
    worst = min(gaps, key=lambda name: (*gaps[name], name))
    bound = rule.bounds[0]
    within = np.mean([bound.verdict(exact(gap.value)) == REPRODUCED for gap in gaps.values()])
    evidence = (
        f"accuracy of the worst head less the fully tuned model's ({worst}); {within:.0%} of heads "
        "and sets are within five points; all heads of an ensemble are in "
        f"{_by_deviation(drawn, 'comparable')} of ensembles redrawn from an initial deviation"
    )
    return Finding("U12", {"gap": gaps}, ("gap", worst), evidence)


def gaussian_finding(scores: pd.DataFrame, seed: int) -> Finding:
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
    correlation = Quantity(found.mean(), *bootstrap_interval(mean, found, rng))
    tails = bootstrap_interval(mean, (deviates**4).mean(1), rng)
    gaussian = gaussian_kurtosis(heads)
    evidence = (
        "mean absolute correlation of the heads' deviations between two responses; independent "
        f"Gaussian heads give {expected:.2f}; kurtosis {kurtosis(deviates):.2f} "
        f"[{tails[0]:.2f}, {tails[1]:.2f}], Gaussian {gaussian:.2f}"
    )
    quantities = {
        "correlation less that of independent heads": {
            ALL: Quantity(*(part - expected for part in correlation[:3]))
        },
        "kurtosis less a Gaussian's": {
            ALL: Quantity(*(part - gaussian for part in (kurtosis(deviates), *tails)))
        },
    }
    return Finding("U18", quantities, correlation, evidence)


def cost_finding(costs: pd.DataFrame) -> Finding:
    """Return U17: settings and cost stand beside the paper's; its machines were not used."""
    evidence = (
        "settings and measured cost stand in Tables 2 to 8 beside the paper's, whose machines and "
        "model size were not run; value: parameters of the heads"
    )
    parameters = costs[costs.quantity.eq("trainable parameters")].set_index("model").here
    return Finding("U17", {}, exact(parameters["ensemble of heads"]), evidence)


def storage_finding(single: Path, ensemble: list[Path], storage: dict[str, float]) -> Finding:
    """Return U22: bytes of ten models over those of one with ten heads; storage: as printed, in GB.

    single, ensemble: folders. Whole models as an ensemble share no trunk: only the printed sizes
    are compared then.
    """
    ratios = {"as printed": exact(storage["ten models"] / storage["ensemble"])}
    words = ""
    if len(ensemble) == 1:
        one, together = (
            sum(file.stat().st_size for file in folder.iterdir()) for folder in (single, *ensemble)
        )
        ratios["in this run"] = exact(10 * one / together)
        words = f"; one model {one:,} bytes, with ten heads {together:,}"
    evidence = (
        f"ten models over the ensemble: as printed {ratios['as printed'].value:.2f}; ten times the "
        f"printed model are {10 * storage['one model']:.1f} GB{words}"
    )
    name = "ten models over the ensemble"
    return Finding("U22", {name: ratios}, (name, list(ratios)[-1]), evidence)


@stage
def reward_models(
    ensemble: Input,
    full: Input,
    redraws: Input,
    variances: Input,
    losses: Input,
    costs: Input,
    single_model: Input,
    ensemble_models: Inputs,
    findings: Output,
    printed: dict[str, Any],
    storage: dict[str, float],
    kind: str,
    rules: dict[str, dict[str, Any]],
    seed: Seed,
) -> None:
    """U1, U8 to U12, U17, U18, U22; printed, storage: Table 1 and disk space as in printed.yaml;
    kind: of the heads; rules: claim -> its rule in the ledger, for U12.
    """
    scores, alone = pd.read_parquet(ensemble), pd.read_parquet(full)
    drawn = read_csv(redraws)
    found = [
        range_finding(scores, seed),
        table_finding(printed),
        *variance_findings(read_csv(variances), drawn, kind, seed),
        loss_finding(read_csv(losses), seed),
        comparable_finding(printed),
        accuracy_finding(
            scores, alone, drawn, Rule.model_validate(rules["U12"], strict=False), seed
        ),
        gaussian_finding(scores, seed),
        cost_finding(read_csv(costs)),
        storage_finding(
            open_artefact(single_model), [open_artefact(file) for file in ensemble_models], storage
        ),
    ]
    write_findings(found, findings)


if __name__ == "__main__":
    main(reward_models)
