"""What policies on transformed rewards measure for the claims T1, T2, T3b and T4.

Raw and transformed policies are compared at one divergence, interpolated between the coefficients
of each draw of reward models and never beyond them; draws and prompts are units of intervals. A
claim that something is mitigated is decided where raw rewards have it. Wins are by the reward
models that a policy was trained on, unless the rule says gold. The evidence tells what fixed points
of many more draws say, and the difference that these policies could tell from 0 in four trials of
five.
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import Estimate, crossed
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.sources import EXACT
from rewardlab.evaluation.standing import GOLD, MODEL
from rewardlab.evaluation.transformed import (
    OWN,
    at_divergence,
    detectable,
    draws_of,
    fall,
    improvement_at,
    lines_up_to,
    lost,
    mean,
    over_base,
    reached,
    unevenness,
    unimproved,
)
from rewardlab.policies.names import LSC, RAW, REFERENCE, WEIGHTED
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Positive

GRID = 40  # divergences at which a peak is looked for


class Compared:
    """Two methods' policies of one experiment by draw and prompt, at one divergence."""

    def __init__(self, trained: pd.DataFrame, paths: pd.DataFrame, kl: float) -> None:
        self.tables = {"factor": paired(trained), "point": paths}
        self.kl = kl

    def source_of(self, method: str, by: str) -> str:
        """Return `by`, or `point`, the fixed points, if no policy was trained by the method."""
        return by if method in set(self.tables[by].method) else "point"

    def columns(self, method: str, by: str, names: list[str]) -> np.ndarray:
        table = self.tables[by]
        return at_divergence(table[table.method.eq(method)], by, names, self.kl)

    def difference(self, first: str, second: str, column: str, by: str = "factor") -> Estimate:
        """Return the mean of the second method less the first."""
        parts = [self.columns(name, by, [column])[..., 0] for name in (first, second)]
        return mean(parts[1] - parts[0])

    def halves(self, method: str, by: str, scorer: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the improvement (E, P) by halves of responses; fixed points have no noise."""
        found = improvement_at(self.tables[by], method, by, scorer, self.kl, by == "factor")
        return (found, found) if by == "point" else (found[..., 0], found[..., 1])

    def unimproved(self, by: str = "factor", scorer: str = MODEL) -> Estimate:
        """Return the share of prompts that raw leaves unimproved, less that of LSC."""
        parts = (*self.halves(RAW, by, scorer), *self.halves(LSC, by, scorer))
        return crossed(lambda a, b, c, d: unimproved(a, b) - unimproved(c, d), *parts)

    def left_by_raw(self) -> Estimate:
        """Return the share of prompts that raw leaves unimproved."""
        return crossed(unimproved, *self.halves(RAW, "factor", MODEL))

    def unevenness(self, by: str = "factor", scorer: str = MODEL) -> Estimate:
        """Return how unevenly raw improves prompts, over how unevenly LSC does."""
        parts = (*self.halves(RAW, by, scorer), *self.halves(LSC, by, scorer))

        def ratio(*halves: np.ndarray) -> float:
            raw, lsc = unevenness(*halves[:2]), unevenness(*halves[2:])
            return raw / lsc if lsc > 0 else np.nan

        return crossed(ratio, *parts, log=True)


def paired(trained: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of draws whose policies of every method ended well at every coefficient."""
    rows = trained[trained.method.ne(REFERENCE)]
    of_methods = [set(draws_of(part, "factor")) for _, part in rows.groupby("method")]
    return trained[trained.ensemble.isin(set.intersection(*of_methods))]


def told(compared: dict[str, Compared], measure, by_gold=None) -> tuple[dict[str, Quantity], str]:
    """Return a quantity by experiment, and what else is to be said of it.

    measure, by_gold: functions of a comparison and of `factor` (PPO) or `point` (fixed points).
    """
    found, said = {}, []
    for name, one in compared.items():
        estimate = measure(one, "factor")
        found[name] = estimate.quantity
        words = f"{name}: {estimate.quantity:.3g}"
        if not estimate.is_log and estimate.error > 0:
            words += f" ({detectable(estimate):.2g} could be told from 0)"
        words += f"; fixed points of many heads {measure(one, 'point').quantity:.3g}"
        if np.isnan(estimate.value):
            words += f" (not all policies reach {one.kl:g} nats, or go below)"
        if by_gold is not None:
            words += f"; by gold {by_gold(one, 'factor').quantity:.3g}"
        said.append(words)
    return found, "; ".join(said)


def where_above_zero(quantities: dict[str, dict[str, Quantity]]) -> dict[str, dict[str, Quantity]]:
    """Return quantities of the experiments whose last quantity, a condition, is wholly above 0.

    Where there is nothing to mitigate nothing can be seen; all, if that is so of all.
    """
    condition = list(quantities.values())[-1]
    met = [name for name, quantity in condition.items() if quantity.low > 0]
    kept = met or list(condition)
    return {name: {key: by_key[key] for key in kept} for name, by_key in quantities.items()}


def uniform_findings(single: dict[str, Compared]) -> list[Finding]:
    """Return T1a and T1b: prompts that are not improved, and how even improvement is."""
    shares, said = told(
        single, lambda one, at: one.unimproved(at), lambda one, at: one.unimproved(at, GOLD)
    )
    ratios, also = told(
        single, lambda one, at: one.unevenness(at), lambda one, at: one.unevenness(at, GOLD)
    )
    left = {name: one.left_by_raw().quantity for name, one in single.items()}
    quantities = where_above_zero({"difference": shares, "left by raw rewards": left})
    return [
        Finding("T1a", quantities, ("difference", next(iter(quantities["difference"]))), said),
        Finding("T1b", {"ratio": ratios}, ("ratio", next(iter(ratios))), also),
    ]


def win_finding(single: dict[str, Compared]) -> Finding:
    """Return T2: LSC's win rate less that of raw rewards, of one reward."""
    found, said = told(
        single,
        lambda one, at: one.difference(RAW, LSC, f"win_{MODEL}_all", at),
        lambda one, at: one.difference(RAW, LSC, f"win_{GOLD}_all", at),
    )
    return Finding("T2", {"difference": found}, ("difference", next(iter(found))), said)


def sum_finding(combined: dict[str, Compared]) -> Finding:
    """Return T3b: how often the LSC sum wins on all properties at once, less how often sums do.

    Of a sum that no policy was trained on, both by fixed points.
    """
    quantities, said = {}, []
    for other in (RAW, WEIGHTED):

        def ahead(one: Compared, at: str, scorer: str = MODEL, other: str = other) -> Estimate:
            return one.difference(other, LSC, f"win_{scorer}_all", one.source_of(other, at))

        found, words = told(combined, ahead, lambda one, at, of=ahead: of(one, at, GOLD))
        quantities |= {f"{name}, over {other}": quantity for name, quantity in found.items()}
        if "point" in {one.source_of(other, "factor") for one in combined.values()}:
            words = f"by fixed points of both, {words}"
        said.append(f"over the {'' if other == RAW else 'weighted '}sum: {words}")
    shown = next(iter(quantities))
    return Finding("T3b", {"difference": quantities}, ("difference", shown), "; ".join(said))


def falls(table: pd.DataFrame, by: str) -> tuple[float, list[Estimate]]:
    """Return the largest divergence that all draws reach, and how far gold falls till then.

    From its peak: with raw rewards, with transformed ones, and the difference.
    """
    values = [over_base(table, method, by, f"reward_{GOLD}") for method in (RAW, LSC)]
    end = min(map(reached, values))
    raw, lsc = (lines_up_to(part, end, GRID) for part in values)
    difference = crossed(lambda raw, lsc: fall(raw) - fall(lsc), raw, lsc)
    return end, [crossed(fall, raw), crossed(fall, lsc), difference]


def hacking_finding(tables: dict[str, pd.DataFrame], paths: dict[str, pd.DataFrame]) -> Finding:
    """Return T4: how far gold falls from its peak, with raw rewards and with transformed ones.

    tables, paths: of policies and of fixed points.
    """
    drops, differences, said = {}, {}, []
    for name, table in tables.items():
        end, (raw, lsc, difference) = falls(paired(table), "factor")
        drops[name], differences[name] = raw.quantity, difference.quantity
        words = (
            f"{name}, up to {end:.2f} nats: gold falls from its peak by {raw.quantity:.3g} "
            f"with raw and by {lsc.quantity:.3g} with transformed rewards; the difference is "
            f"{difference.quantity:.3g}"
        )
        if difference.error > 0:
            words += f" ({detectable(difference):.2g} could be told from 0)"
        end, (raw, lsc, difference) = falls(paths[name], "point")
        said.append(
            f"{words}; fixed points of many heads, up to {end:.2f} nats: "
            f"{raw.quantity:.3g} with raw, {lsc.quantity:.3g} with transformed "
            f"rewards, difference {difference.quantity:.3g}"
        )
    quantities = where_above_zero({"difference": differences, "drop": drops})
    shown = next(iter(quantities["difference"]))
    return Finding("T4", quantities, ("difference", shown), "; ".join(said))


@stage
def judge_transforming(
    single: Inputs,
    single_exact: Inputs,
    combined: Inputs,
    combined_exact: Inputs,
    findings: Output,
    names: dict[str, list[str]],
    at: Positive,
) -> None:
    """What policies on transformed rewards measure, of one reward (single) and of several.

    names: of the experiments, as `single` and `combined`; at: the divergence of comparisons.
    """
    tables: dict[str, dict[str, pd.DataFrame]] = {}
    compared: dict[str, dict[str, Compared]] = {}
    every_path: dict[str, pd.DataFrame] = {}
    for kind, files, exact in (
        ("single", single, single_exact),
        ("combined", combined, combined_exact),
    ):
        tables[kind] = dict(zip(names[kind], map(pd.read_parquet, files), strict=True))
        paths = dict(zip(names[kind], map(fixed_points, exact), strict=True))
        every_path |= paths
        compared[kind] = {
            name: Compared(table, paths[name], at) for name, table in tables[kind].items()
        }
    found = [
        *uniform_findings(compared["single"]),
        win_finding(compared["single"]),
        sum_finding(compared["combined"]),
        hacking_finding(tables["single"] | tables["combined"], every_path),
    ]
    gone = [
        f"{name}: {policy}"
        for by_name in tables.values()
        for name, table in by_name.items()
        for policy in lost(table)
    ]
    if gone:
        words = f"; policies that did not end well leave out, in both methods, {', '.join(gone)}"
        found = [finding._replace(evidence=finding.evidence + words) for finding in found]
    write_findings(found, findings)


def fixed_points(path) -> pd.DataFrame:
    """Return the rows of fixed points with an experiment's own references."""
    table = pd.read_parquet(path)
    return table[table.source.eq(EXACT) & table.reference.eq(OWN)]


if __name__ == "__main__":
    main(judge_transforming)
