"""What trained policies measure for the claims U13 to U16.

Intervals resample heads (Figure 7), or ensembles and then heads (Figure 12), the same ones for both
methods. Where a policy did not end well, what rests on the variance is inconclusive.
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Quantity, exact
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.paired_policies import RESAMPLES, PairedPolicies
from rewardlab.evaluation.statistics import percentile_interval
from rewardlab.evaluation.tables import read_csv
from rewardlab.policies.names import REFERENCE, VANILLA
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.types import Seed

HEAD = ["ensemble", "head"]
ALL = ""  # what a quantity was measured on, where there is only one


def reward_findings(paired: PairedPolicies, claim: str, seed: int) -> list[Finding]:
    """Return U13 (Figure 7) or U14 (Figure 12): gains over the reference, variances, order."""
    gains = {name: paired.gain(name, REFERENCE) for name in (VANILLA, paired.variance_aware)}
    lowest = min(gains, key=gains.get)
    by_method = ", ".join(f"{name} {gain.value:+.3f}" for name, gain in gains.items())
    evidence = f"over the reference: {by_method}; {paired.count}"
    over_reference = Finding(f"{claim}a", {"gain": gains}, ("gain", lowest), evidence)

    evidence = (
        f"variance of vanilla over variance-aware, noise of judging taken off; {paired.count}; "
        f"{paired.reliability(np.random.default_rng(seed))}"
    )
    if len(paired.lost):
        evidence += f"; {len(paired.lost)} policies did not end well: {paired.lost.ended.iloc[0]}"
    quantities = {
        "ratio": {ALL: paired.ratio_of_variances()},
        "policies lost": {ALL: exact(len(paired.lost))},
    }
    variances = Finding(f"{claim}b", quantities, ("ratio", ALL), evidence)

    gain = {"gain": {ALL: paired.gain(VANILLA, paired.variance_aware)}}
    evidence = f"vanilla's mean less the variance-aware one; {paired.count}"
    return [over_reference, variances, Finding(f"{claim}c", gain, ("gain", ALL), evidence)]


def kl_finding(paired: PairedPolicies) -> Finding:
    """Return U15: the ratio of the final divergences."""
    first, second = (paired.column("kl", name) for name in (VANILLA, paired.variance_aware))
    evidence = (
        f"final KL divergence of vanilla, {first.mean():.2f}, over the variance-aware one's, "
        f"{second.mean():.2f}; coefficients were searched on pilots to match"
    )
    quantities = {"ratio": {ALL: paired.ratio_of_divergences()}}
    return Finding("U15", quantities, ("ratio", ALL), evidence)


def proxy_finding(steps: pd.DataFrame, variance_aware: str, seed: int) -> Finding:
    """Return U16: the proxy reward's last tenth less its first, resampled over heads."""
    tenth = max(1, int(steps.step.max()) // 10)
    rises = {}
    for method in (VANILLA, variance_aware):
        rows = steps[steps.method.eq(method)]
        last = rows[rows.step > rows.step.max() - tenth].groupby([*HEAD, "policy"]).proxy.mean()
        rise = last - rows[rows.step <= tenth].groupby([*HEAD, "policy"]).proxy.mean()
        by_head = rise.groupby(HEAD).mean().to_numpy()
        if len(by_head) < 2:
            rises[method] = Quantity(float(by_head.mean()))
            continue
        rng = np.random.default_rng(seed)
        drawn = by_head[rng.integers(len(by_head), size=(RESAMPLES, len(by_head)))].mean(1)
        rises[method] = Quantity(float(by_head.mean()), *map(float, percentile_interval(drawn)))
    lowest = min(rises, key=rises.get)
    by_method = ", ".join(f"{method} {rise.value:+.2f}" for method, rise in rises.items())
    evidence = f"last less first tenth: {by_method}"
    return Finding("U16", {"rise": rises}, ("rise", lowest), evidence)


@stage
def policies(
    fig7: Input,
    fig12: Input,
    steps: Input,
    findings: Output,
    variance_aware: str,
    nested: dict[str, bool],
    seed: Seed,
) -> None:
    """U13 to U16; steps: those of Figure 7's policies; nested: by experiment."""
    first, second = (
        PairedPolicies(read_csv(path), variance_aware, nested[name], seed)
        for name, path in (("fig7", fig7), ("fig12", fig12))
    )
    found = [
        *reward_findings(first, "U13", seed),
        kl_finding(first),
        *reward_findings(second, "U14", seed),
        proxy_finding(pd.read_parquet(steps), variance_aware, seed),
    ]
    write_findings(found, findings)


if __name__ == "__main__":
    main(policies)
