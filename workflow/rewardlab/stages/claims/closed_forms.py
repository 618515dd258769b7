"""What closed forms measure for the claims U2 to U7 and U19a."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Quantity, exact
from rewardlab.evaluation.degradation import cantelli_bound, gaussian_share_below
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.statistics import bootstrap_interval
from rewardlab.evaluation.tables import read_csv
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.types import Seed

UNAWARE, AWARE = "variance-unaware", "variance-aware"
ALL = ""  # what a quantity was measured on, where there is only one


def bandit_finding(table: pd.DataFrame) -> Finding:
    """Return U2: the conservative policy's true return less the naive one's."""
    naive, conservative = (
        float(table[name] @ table.true_reward) for name in ("naive", "conservative")
    )
    evidence = (
        f"true return {conservative:.2f} conservative and {naive:.2f} naive, in a bandit that was "
        "made to show it"
    )
    return Finding("U2", {}, exact(conservative - naive), evidence)


def drawn_returns(table: pd.DataFrame) -> np.ndarray:
    """Return the drawn returns (draws, 2), unaware and aware."""
    return np.stack(
        [table["return"][table.method.eq(method)].to_numpy() for method in (UNAWARE, AWARE)], 1
    )


def bootstrapped(statistic: Callable, draws: np.ndarray, seed: int, value: float) -> Quantity:
    """Return a value with its bootstrap interval over draws."""
    return Quantity(value, *bootstrap_interval(statistic, draws, np.random.default_rng(seed)))


def spreads(draws: np.ndarray, seed: int) -> tuple[Quantity, Quantity, Quantity]:
    """Return the deviations, unaware and aware, and their ratio, bootstrapped over draws."""
    unaware, aware = draws.std(0, ddof=1).tolist()
    return (
        bootstrapped(lambda sample: sample[..., 0].std(1, ddof=1), draws, seed, unaware),
        bootstrapped(lambda sample: sample[..., 1].std(1, ddof=1), draws, seed, aware),
        bootstrapped(
            lambda sample: np.divide(*sample.std(1, ddof=1).T), draws, seed, unaware / aware
        ),
    )


def return_findings(claim: str, table: pd.DataFrame, moments: pd.DataFrame, seed: int):
    """Return U3 (Figure 3) or U4 (Figure 4): spreads, printed digits, means."""
    draws = drawn_returns(table)
    unaware, aware, ratio = spreads(draws, seed)
    both = f"deviations {unaware.value:.3f} unaware and {aware.value:.3f} aware"
    fitted = f"{both}; the unaware one of Figure 3 was fitted, the others are predictions"
    deviations = {"unaware deviation": {ALL: unaware}, "aware deviation": {ALL: aware}}
    closed = moments[moments.source.eq("closed form")]
    means = closed.pivot(index="true_reward_norm", columns="method", values="mean")
    last = alike_finding if claim == "U3" else gains_finding
    return [
        Finding(f"{claim}a", {"ratio": {ALL: ratio}}, ("ratio", ALL), both),
        Finding(f"{claim}b", deviations, ("aware deviation", ALL), fitted),
        last(draws, means, unaware.value, seed),
    ]


def alike_finding(draws: np.ndarray, means: pd.DataFrame, spread: float, seed: int) -> Finding:
    """Return U3c: the gap between the closed-form means, by norm of the true reward."""
    gaps = (means[UNAWARE] - means[AWARE]).abs() / spread
    shown = bootstrapped(
        lambda sample: np.diff(sample.mean(1)).squeeze(-1),
        draws,
        seed,
        float(np.diff(draws.mean(0))[0]),
    )
    by_norm = ", ".join(f"{norm:g}: {gap:.2f}" for norm, gap in gaps.items())
    evidence = (
        "gap between the means, in deviations of the unaware return, by norm of r*: "
        f"{by_norm}; the paper gives no norm"
    )
    quantities = {"gap": {f"{norm:g}": exact(gap) for norm, gap in gaps.items()}}
    return Finding("U3c", quantities, shown, evidence)


def gains_finding(draws: np.ndarray, means: pd.DataFrame, spread: float, seed: int) -> Finding:
    """Return U4c: the closed-form mean gains, by norm of the true reward."""
    value = float(draws[:, 0].mean())
    shown = bootstrapped(lambda sample: sample[..., 0].mean(1), draws, seed, value)
    by_norm = ", ".join(
        f"{norm:g}: {row[UNAWARE]:.3f} / {row[AWARE]:.3f}" for norm, row in means.iterrows()
    )
    evidence = f"mean gains unaware / aware, by norm of r*: {by_norm}; the paper gives no norm"
    quantities = {
        name: {f"{norm:g}": exact(gain) for norm, gain in means[method].items()}
        for name, method in (("unaware gain", UNAWARE), ("aware gain", AWARE))
    }
    return Finding("U4c", quantities, shown, evidence)


def risk_finding(table: pd.DataFrame) -> Finding:
    """Return U5: how much likelier the variance-aware policy is to do worse than the reference."""
    rows = table[table.quantity.eq("probability of underperforming")]
    closed, drawn = (
        rows[rows.source.eq(source)].set_index(["at", "series"])
        for source in ("closed form", "drawn")
    )
    differences = closed.value.xs(AWARE, level=1) - closed.value.xs(UNAWARE, level=1)
    value = drawn.value.xs(AWARE, level=1) - drawn.value.xs(UNAWARE, level=1)
    low = drawn.ci_low.xs(AWARE, level=1) - drawn.ci_high.xs(UNAWARE, level=1)
    high = drawn.ci_high.xs(AWARE, level=1) - drawn.ci_low.xs(UNAWARE, level=1)
    widest = differences.index.max()
    quantities = {
        "exact difference": {f"{at:g}": exact(part) for at, part in differences.items()},
        "drawn difference": {f"{at:g}": Quantity(value[at], low[at], high[at]) for at in low.index},
    }
    evidence = (
        f"P(worse) aware minus unaware, at a variance ratio of {widest:g}; largest over the sweep, "
        f"in closed form: {differences.max():.1e}"
    )
    return Finding("U5", quantities, ("drawn difference", f"{widest:g}"), evidence)


def bound_finding(table: pd.DataFrame) -> Finding:
    """Return U6: which promises of coverage Theorem 2.2 breaks, in closed form and drawn."""
    rows = table[table.theorem.eq(2.2) & table.quantity.eq("inequality, true norm 0")]
    keys = ["series", "dimension", "at"]
    closed = rows[rows.source.eq("closed form")].set_index(keys)
    drawn = rows[rows.source.eq("drawn")].set_index(keys)
    promised = closed.index.get_level_values("at")
    short = closed.value < promised - 1e-9
    broken = short & (drawn.ci_high < promised)
    shortfall = (promised - closed.value)[broken].get("printed", pd.Series(dtype=float))
    dimension, at = shortfall.idxmax() if len(shortfall) else closed.index.droplevel(0)[-1]
    row = drawn.loc[("printed", dimension, at)]
    inverted = bool(broken.get("inverted", pd.Series(dtype=bool)).any())
    kept = not short.xs("chi-square").any()
    evidence = (
        f"coverage of the inequality in dimension {dimension} where {at:.0%} are promised, r* = 0; "
        f"with the exponent inverted {'some promises break too' if inverted else 'all are kept'}"
        f", with the chi-square quantile {'all are kept' if kept else 'some are broken'}"
    )
    quantities = {
        "promises broken": {ALL: exact(len(shortfall))},
        "promises broken by the chi-square quantile": {ALL: exact(short.xs("chi-square").sum())},
    }
    shown = Quantity(row.value, row.ci_low, row.ci_high)
    return Finding("U6", quantities, shown, evidence)


def optimum_finding(table: pd.DataFrame) -> Finding:
    """Return U7: what the printed form loses at equal budget."""
    rows = table[table.quantity.eq("expected reward")]
    series = rows.series.where(rows.source.ne("optimiser"), "optimiser")
    rewards = rows.assign(series=series).pivot(index="at", columns="series", values="value")
    lost = float((rewards["true optimum"] - rewards["as printed"]).max())
    error = float((rewards["true optimum"] - rewards["optimiser"]).abs().max())
    evidence = (
        "largest reward lost by the printed form, its coefficient free, at equal budget; the true "
        f"optimum and a numeric optimiser differ by at most {max(error, 1e-10):.0e}"
    )
    quantities = {"lost": {ALL: exact(lost)}, "optimiser's distance": {ALL: exact(error)}}
    return Finding("U7", quantities, ("lost", ALL), evidence)


def sharpe_finding(table: pd.DataFrame) -> Finding:
    """Return U21: what a policy proportional to R / sigma^2 loses, and if it is a Sharpe ratio."""
    rows = table[table.quantity.eq("expected reward at its divergence")]
    rewards = rows.pivot(index="at", columns="series", values="value")
    lost = rewards["true optimum"] - rewards["proportional to R / sigma^2"]
    change = table[table.quantity.eq("relative change")].set_index("series").value
    quantities = {
        "lost": {f"rewards {shift:+g}": exact(part) for shift, part in lost.items()},
        "change with the unit": {ALL: exact(change["R / sigma^2"])},
        "change of the Sharpe ratio": {ALL: exact(change["R / sigma"])},
    }
    evidence = (
        "reward lost to the optimum at the same weighted divergence, largest over shifts of all "
        f"rewards; measured in halves, R / sigma^2 changes by {change['R / sigma^2']:.0%}, "
        f"R / sigma by {change['R / sigma']:.0%}"
    )
    return Finding("U21", quantities, ("lost", f"rewards {lost.idxmax():+g}"), evidence)


def degradation_finding(moments: Mapping[str, Mapping[str, Any]]) -> Finding:
    """Return U19a: probabilities of doing worse than the reference; moments: printed, by figure."""
    differences, words = {}, []
    for figure, printed in moments.items():
        mean, variance = printed["mean"], printed["variance"]
        reference = mean["reference"]
        for noise, name in ((0.0, figure), (variance["reference"], f"{figure}, noise taken off")):
            aware, vanilla = (
                gaussian_share_below(mean[method], variance[method] - noise, reference)
                for method in ("aware", "vanilla")
            )
            differences[name] = exact(aware - vanilla)
            words.append(f"{name}: {aware:.1%} variance-aware, {vanilla:.1%} vanilla")
        aware, vanilla = (
            cantelli_bound(mean[method], variance[method], reference)
            for method in ("aware", "vanilla")
        )
        words.append(f"{figure}, at most, whatever the distribution: {aware:.0%}, {vanilla:.0%}")
    shown = ("difference", next(iter(moments)))
    return Finding("U19a", {"difference": differences}, shown, "; ".join(words))


@stage
def closed_forms(
    fig2: Input,
    fig3: Input,
    fig3_moments: Input,
    fig4: Input,
    fig4_moments: Input,
    theorems: Input,
    findings: Output,
    moments: dict[str, dict[str, Any]],
    seed: Seed,
) -> None:
    """U2 to U7, U19a and U21; moments: of policies' rewards, as printed, by figure."""
    checked = read_csv(theorems)
    found = [
        bandit_finding(read_csv(fig2)),
        *return_findings("U3", read_csv(fig3), read_csv(fig3_moments), seed),
        *return_findings("U4", read_csv(fig4), read_csv(fig4_moments), seed),
        risk_finding(checked),
        bound_finding(checked),
        optimum_finding(checked),
        sharpe_finding(checked),
        degradation_finding(moments),
    ]
    write_findings(found, findings)


if __name__ == "__main__":
    main(closed_forms)
