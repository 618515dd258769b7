"""Judges the claims on trained policies, U13 to U16, by the rules of the ledger.

Intervals resample heads (Figure 7), or ensembles and then heads (Figure 12), the same ones for
both methods. A variance is taken less the noise of judging. Where a policy did not end well, what
rests on the variance is inconclusive.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation import verdicts
from rewardlab.evaluation.spread import (
    cluster_rows,
    reliability_of_ratio,
    true_variance,
    variance_ratio,
)
from rewardlab.evaluation.statistics import percentile_interval
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.evaluation.verdicts import Judgement, all_of, inside

RESAMPLES = 4000
ABOVE_NOTHING, ABOVE_ONE, ALIKE = (0.0, np.inf), (1.0, np.inf), (0.8, 1.25)
REFERENCE, VANILLA, FINISHED = "reference", "vanilla", "finished"


class Figure:
    """The policies of a figure side by side: rows are policies, the same for every method."""

    def __init__(self, policies: pd.DataFrame, aware: str, item: str, seed: int) -> None:
        self.aware = aware
        trained = policies[policies.method.isin([VANILLA, aware])]
        self.lost = trained[trained.ended.ne(FINISHED)]
        wide = policies.pivot(index="policy", columns="method", values=["judged", "noise", "kl"])
        self.wide = wide.dropna()
        cells = trained[trained.method.eq(VANILLA)].set_index("policy").unit.loc[self.wide.index]
        self.clusters = [np.flatnonzero(cells.to_numpy() == unit) for unit in cells.unique()]
        rng = np.random.default_rng(seed)
        self.nested = item == "fig12"
        self.resamples = [cluster_rows(self.clusters, rng, self.nested) for _ in range(RESAMPLES)]

    def column(self, quantity: str, method: str) -> np.ndarray:
        return self.wide[quantity, method].to_numpy(float)

    def interval(self, statistic) -> tuple[float, tuple[float, float]]:
        """Return a statistic of row numbers, and its interval."""
        value = float(statistic(np.arange(len(self.wide))))
        low, high = percentile_interval(np.array([statistic(rows) for rows in self.resamples]))
        return value, (float(low), float(high))

    def gain(self, first: str, second: str) -> tuple[float, tuple[float, float]]:
        difference = self.column("judged", first) - self.column("judged", second)
        return self.interval(lambda rows: difference[rows].mean())

    def of_method(self, method: str) -> np.ndarray:
        """Return judged means and the variances of their noise, (2, n)."""
        return np.stack([self.column("judged", method), self.column("noise", method)])

    def ratio_of_variances(self) -> tuple[float, tuple[float, float]]:
        """Return vanilla's over aware's, noise subtracted; infinite where aware's is all noise."""
        first, second = self.of_method(VANILLA), self.of_method(self.aware)
        return self.interval(lambda rows: float(variance_ratio(first[:, rows], second[:, rows])))

    def reliability(self, rng: np.random.Generator) -> str:
        """Return what such an interval is worth in this design, simulated."""
        judged, noise = self.of_method(self.aware)
        spread = max(float(true_variance(judged, noise)), 1e-12)
        means = np.array([judged[rows].mean() for rows in self.clusters])
        size = round(np.mean([len(rows) for rows in self.clusters]))
        design = [np.arange(size) + size * place for place in range(len(self.clusters))]
        common = means.var(ddof=1) - judged.var(ddof=1) / size if len(means) > 1 else 0.0
        share = float(np.clip(common / spread, 0.0, 1.0))
        arguments = (design, self.nested, share, float(noise.mean()) / spread)
        at_one, at_two = (reliability_of_ratio(*arguments, ratio, rng) for ratio in (1.0, 2.0))
        return (
            f"such an interval covers the truth in {at_one.coverage:.0%} of simulations where the "
            f"variances are equal, and lies above 1 in {at_two.power:.0%} where the ratio is 2"
        )


def judge_distributions(figure: Figure, claim: str, seed: int) -> Iterator[Judgement]:
    """Yield U13 (Figure 7) or U14 (Figure 12): gains over the reference, variances, order."""
    count = f"{len(figure.wide)} policies of each method in {len(figure.clusters)} clusters"
    gains = {method: figure.gain(method, REFERENCE) for method in (VANILLA, figure.aware)}
    verdict = all_of(*(inside(interval, ABOVE_NOTHING) for _, interval in gains.values()))
    lowest = min(gains.values())
    said = ", ".join(f"{method} {value:+.3f}" for method, (value, _) in gains.items())
    evidence = f"over the reference: {said}; {count}"
    yield Judgement(f"{claim}a", lowest[0], *lowest[1], verdict, evidence)

    value, interval = figure.ratio_of_variances()
    verdict = inside(interval, ABOVE_ONE)
    evidence = (
        f"variance of vanilla over variance-aware, noise of judging taken off; {count}; "
        f"{figure.reliability(np.random.default_rng(seed))}"
    )
    if len(figure.lost):
        verdict = verdicts.INCONCLUSIVE
        evidence += f"; {len(figure.lost)} policies did not end well: {figure.lost.ended.iloc[0]}"
    yield Judgement(f"{claim}b", value, *interval, verdict, evidence)

    value, interval = figure.gain(VANILLA, figure.aware)
    evidence = f"vanilla's mean less the variance-aware one; {count}"
    yield Judgement(f"{claim}c", value, *interval, inside(interval, ABOVE_NOTHING), evidence)


def judge_kl(figure: Figure) -> Judgement:
    """Return U15: the ratio of the final divergences."""
    first, second = figure.column("kl", VANILLA), figure.column("kl", figure.aware)
    value, interval = figure.interval(lambda rows: first[rows].mean() / second[rows].mean())
    evidence = (
        f"final KL divergence of vanilla, {first.mean():.2f}, over the variance-aware one's, "
        f"{second.mean():.2f}; coefficients were searched on pilots to match"
    )
    return Judgement("U15", value, *interval, inside(interval, ALIKE), evidence)


def judge_proxy(steps: pd.DataFrame, aware: str, seed: int) -> Judgement:
    """Return U16: the proxy reward's last tenth less its first, resampled over heads."""
    tenth = max(1, int(steps.step.max()) // 10)
    parts = {}
    for method in (VANILLA, aware):
        own = steps[steps.method.eq(method)]
        last = own[own.step > own.step.max() - tenth].groupby(["unit", "policy"]).proxy.mean()
        rise = last - own[own.step <= tenth].groupby(["unit", "policy"]).proxy.mean()
        by_head = rise.groupby("unit").mean().to_numpy()
        rng = np.random.default_rng(seed)
        drawn = by_head[rng.integers(len(by_head), size=(RESAMPLES, len(by_head)))].mean(1)
        parts[method] = float(by_head.mean()), *map(float, percentile_interval(drawn))
    verdict = all_of(*(inside(part[1:], ABOVE_NOTHING) for part in parts.values()))
    said = ", ".join(f"{method} {part[0]:+.2f}" for method, part in parts.items())
    return Judgement("U16", *min(parts.values()), verdict, f"last less first tenth: {said}")


def run(job: Job) -> None:
    aware = job.options["aware"]
    judgements = []
    for item, claim in (("fig7", "U13"), ("fig12", "U14")):
        figure = Figure(read_csv(job.inputs[item]), aware, item, job.seed)
        judgements += judge_distributions(figure, claim, job.seed)
        if item == "fig7":
            judgements.append(judge_kl(figure))
    judgements.append(judge_proxy(pd.read_parquet(job.inputs["steps"]), aware, job.seed))
    write_csv(pd.DataFrame(judgements), job.outputs["claims"])


COMMAND = Command(
    __spec__.name,
    run,
    seeded=True,
    inputs=("fig7", "fig12", "steps"),
    outputs=("claims",),
    options={"aware": "the variance-aware method"},
)

if __name__ == "__main__":
    COMMAND.main()
