"""What trained policies measure for the claims U13 to U16 and U19b.

The units of intervals are heads (Figure 7) or ensembles (Figure 12), the same ones for both
methods. A verdict needs several ensembles: of one, the interval over its heads is told, and decides
nothing. Where a policy did not end well, what rests on the
variance is inconclusive.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Quantity, exact
from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.paired_policies import PairedPolicies
from rewardlab.evaluation.tables import read_csv
from rewardlab.policies.names import REFERENCE, VANILLA
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.types import Seed

EXPLORATORY = "this world is exploratory: the design was settled on trials in it"
ALL = ""  # what a quantity was measured on, where there is only one


class Told(NamedTuple):
    """The quantity that decides, and what else is to be said of it."""

    decisive: Quantity
    words: str


def interval(quantity: Quantity) -> str:
    if np.isnan(quantity.low):
        return f"{quantity.value:.3g} (no interval)"
    return f"{quantity.value:.3g} [{quantity.low:.3g}, {quantity.high:.3g}]"


def told(paired: PairedPolicies, estimate: Estimate) -> Told:
    """Return a quantity with what is to be said of it; of one ensemble it is undecided."""
    quantity = estimate.quantity
    if paired.nested:
        return Told(quantity, interval(quantity))
    words = f"{interval(quantity)} over the heads of one ensemble, which is one draw"
    return Told(Quantity(quantity.value), words)


def at_equal_kl(paired: PairedPolicies, plain: Estimate, adjusted: Estimate) -> Told:
    """Return the plain quantity if divergences are matched, else what is left at equal ones."""
    first, second = paired.mean_divergences
    found = [told(paired, part) for part in (plain, adjusted)]
    decides = "the former" if paired.is_matched else "the latter"
    words = (
        f"as it is {found[0].words}, at equal divergence, by regression, {found[1].words} (mean "
        f"divergences {first:.3f} and {second:.3f}; {decides} decides)"
    )
    return Told(found[0 if paired.is_matched else 1].decisive, words)


def reward_findings(
    paired: PairedPolicies, claim: str, seed: int, others: dict[str, PairedPolicies]
) -> list[Finding]:
    """Return U13 (Figure 7) or U14 (Figure 12): gains over the reference, variances, order.

    others: the same policies, judged with another value of the dialect, by that.
    """
    methods = VANILLA, paired.variance_aware
    said = {name: told(paired, paired.gain(name, REFERENCE)) for name in methods}
    gains = {name: gain.decisive for name, gain in said.items()}
    lowest = min(gains, key=lambda name: gains[name].value)
    by_method = ", ".join(f"{name} {gain.words}" for name, gain in said.items())
    evidence = f"over the reference: {by_method}; {paired.count}"
    over_reference = Finding(f"{claim}a", {"gain": gains}, ("gain", lowest), evidence)

    ratio, beside = told(paired, paired.ratio_of_variances()), paired.ratio_beside_kl().quantity
    evidence = (
        f"variance of vanilla over variance-aware, noise of judging taken off; {ratio.words}; "
        f"beside a line in each policy's own divergence {interval(beside)}; "
        f"{paired.count}; {paired.reliability(np.random.default_rng(seed))}"
    )
    for value, other in others.items():
        found = interval(other.ratio_of_variances().quantity)
        evidence += f"; the same responses judged with a dialect {value}: {found}"
    if len(paired.lost):
        evidence += f"; {len(paired.lost)} policies did not end well: {paired.lost.ended.iloc[0]}"
    quantities = {
        "ratio": {ALL: ratio.decisive},
        "policies lost": {ALL: exact(len(paired.lost))},
    }
    variances = Finding(f"{claim}b", quantities, ("ratio", ALL), evidence)

    gain = at_equal_kl(paired, paired.gain(*methods), paired.gain_at_equal_kl(*methods))
    evidence = f"vanilla's mean less the variance-aware one; {gain.words}; {paired.count}"
    for value, other in others.items():
        found = interval(other.gain(*methods).quantity)
        evidence += f"; the same responses judged with a dialect {value}: {found}"
    order = Finding(f"{claim}c", {"gain": {ALL: gain.decisive}}, ("gain", ALL), evidence)
    return [over_reference, variances, order]


def kl_finding(experiments: dict[str, PairedPolicies]) -> Finding:
    """Return U15: the difference of the final divergences; experiments: by figure, Figure 12 last.

    It is decided over Figure 12's ensembles; Figure 7's policies are of one.
    """
    words = []
    for figure, paired in experiments.items():
        difference = told(paired, paired.difference_of_divergences())
        first, second = paired.mean_divergences
        words.append(
            f"{figure}: vanilla {first:.3f}, variance-aware {second:.3f}, {difference.words}"
        )
    evidence = f"final KL divergences, {'; '.join(words)}"
    quantities = {"difference": {figure: difference.decisive}}
    return Finding("U15", quantities, ("difference", figure), evidence)


def degradation_finding(experiments: dict[str, PairedPolicies]) -> Finding:
    """Return U19b: how many policies do worse than the reference on average; by figure.

    The difference is Figure 12's, over its ensembles; there is none where no policy does.
    """
    words = []
    for figure, paired in experiments.items():
        line = paired.column("judged", REFERENCE).mean()
        methods = (VANILLA, paired.variance_aware)
        below = [paired.column("judged", name) < line for name in methods]
        counts = ", ".join(
            f"{name} {part.sum()} of {len(part)}" for name, part in zip(methods, below, strict=True)
        )
        words.append(f"{figure}: {counts}")
    difference = Quantity(float("nan"))
    if any(part.any() for part in below):
        difference = paired.estimate(
            lambda rows: below[0][rows].mean() - below[1][rows].mean()
        ).quantity
    evidence = f"policies below the reference's mean, {'; '.join(words)}"
    return Finding("U19b", {"difference": {ALL: difference}}, ("difference", ALL), evidence)


def proxy_finding(steps: pd.DataFrame, variance_aware: str) -> Finding:
    """Return U16: the proxy reward's last tenth less its first; ensembles are the units."""
    tenth = max(1, int(steps.step.max()) // 10)
    rises = {}
    for method in (VANILLA, variance_aware):
        rows = steps[steps.method.eq(method)]
        last = (
            rows[rows.step > rows.step.max() - tenth].groupby(["ensemble", "policy"]).proxy.mean()
        )
        rise = last - rows[rows.step <= tenth].groupby(["ensemble", "policy"]).proxy.mean()
        ensembles = rise.groupby("ensemble").mean().to_numpy()
        estimate = over_units(
            lambda kept, units=ensembles: units[kept].mean(), range(len(ensembles))
        )
        rises[method] = estimate.quantity
    lowest = min(rises, key=lambda method: rises[method].value)
    by_method = ", ".join(f"{method} {rise.value:+.2f}" for method, rise in rises.items())
    evidence = f"last less first tenth: {by_method}, over ensembles"
    return Finding("U16", {"rise": rises}, ("rise", lowest), evidence)


@stage
def policies(
    fig7: Input,
    fig12: Input,
    steps: Input,
    findings: Output,
    variance_aware: str,
    nested: dict[str, bool],
    golds: list[str],
    exploratory: bool,
    seed: Seed,
) -> None:
    """U13 to U16 and U19b; steps: those of Figure 12's policies; nested: by experiment.

    golds: other values of the dialect that the same responses are judged with; exploratory: whether
    the design was settled in this world.
    """
    first, second = (
        {
            gold: PairedPolicies(read_csv(path), variance_aware, nested[name], gold)
            for gold in ("", *(f"_{value}" for value in golds))
        }
        for name, path in (("fig7", fig7), ("fig12", fig12))
    )
    figures = {"Figure 7": first.pop(""), "Figure 12": second.pop("")}
    others = [
        {gold.removeprefix("_"): paired for gold, paired in found.items()}
        for found in (first, second)
    ]
    found = [
        *reward_findings(figures["Figure 7"], "U13", seed, others[0]),
        kl_finding(figures),
        degradation_finding(figures),
        *reward_findings(figures["Figure 12"], "U14", seed, others[1]),
        proxy_finding(pd.read_parquet(steps), variance_aware),
    ]
    if exploratory:
        found = [part._replace(evidence=f"{part.evidence}; {EXPLORATORY}") for part in found]
    write_findings(found, findings)


if __name__ == "__main__":
    main(policies)
