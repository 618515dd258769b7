"""The policies of two methods side by side: differences and ratios with clustered intervals.

Policies that share a head, or an ensemble, are alike. Against one ensemble, intervals resample its
heads; against fresh ones, ensembles, and then the heads within. Both methods are resampled
together. A variance is taken less the noise of judging. Where the methods' mean divergences differ
by more than EQUAL_KL, gains can be taken at equal divergence: less a line in the policies' own
divergences, whose slope is common to both methods.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.spread import (
    cluster_rows,
    reliability_of_ratio,
    true_variance,
    variance_ratio,
)
from rewardlab.evaluation.statistics import percentile_interval
from rewardlab.policies.names import FINISHED, REFERENCE, VANILLA

RESAMPLES = 4000
EQUAL_KL = 0.03  # nats


class PairedPolicies:
    """Policies of vanilla, of the variance-aware method and of the reference, by their number."""

    def __init__(
        self, policies: pd.DataFrame, variance_aware: str, nested: bool, seed: int
    ) -> None:
        """nested: whether clusters are ensembles, with heads drawn within, rather than heads."""
        self.variance_aware = variance_aware
        shown = policies[policies.method.isin([REFERENCE, VANILLA, variance_aware])]
        trained = shown[shown.method.ne(REFERENCE)]
        self.lost = trained[trained.ended.ne(FINISHED)]
        wide = shown.pivot(index="policy", columns="method", values=["judged", "noise", "kl"])
        self.wide = wide.dropna()
        self.nested = nested
        cluster = "ensemble" if self.nested else "head"
        of_policy = trained[trained.method.eq(VANILLA)].set_index("policy")[cluster]
        members = of_policy.loc[self.wide.index].to_numpy()
        self.clusters = [np.flatnonzero(members == name) for name in pd.unique(members)]
        rng = np.random.default_rng(seed)
        self.resamples = [cluster_rows(self.clusters, rng, self.nested) for _ in range(RESAMPLES)]

    @property
    def count(self) -> str:
        """Return in words how many policies there are."""
        return f"{len(self.wide)} policies of each method in {len(self.clusters)} clusters"

    def column(self, quantity: str, method: str) -> np.ndarray:
        """Return judged, noise or kl of a method's policies, (n,)."""
        return self.wide[quantity, method].to_numpy(float)

    def interval(self, statistic: Callable[[np.ndarray], float]) -> Quantity:
        """Return a statistic of row numbers, with its interval; a single cluster gives none."""
        value = float(statistic(np.arange(len(self.wide))))
        if len(self.clusters) < 2:
            return Quantity(value)
        low, high = percentile_interval(np.array([statistic(rows) for rows in self.resamples]))
        return Quantity(value, float(low), float(high))

    @property
    def mean_divergences(self) -> tuple[float, float]:
        """Return the mean KL divergences of vanilla's policies and of the variance-aware ones."""
        return tuple(self.column("kl", name).mean() for name in (VANILLA, self.variance_aware))

    @property
    def is_matched(self) -> bool:
        """Return whether both methods' mean divergences are equal within EQUAL_KL."""
        first, second = self.mean_divergences
        return abs(first - second) <= EQUAL_KL

    def _slope(self, rows: np.ndarray) -> float:
        """Return the slope of judged rewards in divergences, both methods centred."""
        parts = [
            np.stack([self.column("kl", name)[rows], self.column("judged", name)[rows]])
            for name in (VANILLA, self.variance_aware)
        ]
        kl, judged = np.concatenate([part - part.mean(1, keepdims=True) for part in parts], axis=1)
        return float(kl @ judged / max(kl @ kl, 1e-12))

    def gain_at_equal_kl(self, first: str, second: str) -> Quantity:
        """Return the same as `gain`, less what the difference of divergences explains."""
        judged, kl = (
            self.column(name, first) - self.column(name, second) for name in ("judged", "kl")
        )
        return self.interval(lambda rows: (judged - self._slope(rows) * kl)[rows].mean())

    def gain(self, first: str, second: str) -> Quantity:
        """Return the mean judged reward of the first method less that of the second."""
        difference = self.column("judged", first) - self.column("judged", second)
        return self.interval(lambda rows: difference[rows].mean())

    def of_method(self, method: str) -> np.ndarray:
        """Return judged means and the variances of their noise, (2, n)."""
        return np.stack([self.column("judged", method), self.column("noise", method)])

    def ratio_of_variances(self) -> Quantity:
        """Return vanilla's over the variance-aware one; infinite where the latter is all noise."""
        first, second = self.of_method(VANILLA), self.of_method(self.variance_aware)
        return self.interval(lambda rows: float(variance_ratio(first[:, rows], second[:, rows])))

    def ratio_beside_kl(self) -> Quantity:
        """Return the same of what is left beside a line in each policy's own divergence."""
        methods = (VANILLA, self.variance_aware)
        parts = [(self.of_method(name), self.column("kl", name)) for name in methods]

        def ratio(rows: np.ndarray) -> float:
            slope, left = self._slope(rows), []
            for (judged, noise), kl in parts:
                left.append(np.stack([judged[rows] - slope * kl[rows], noise[rows]]))
            return float(variance_ratio(*left))

        return self.interval(ratio)

    def difference_of_divergences(self) -> Quantity:
        """Return vanilla's mean KL divergence less the variance-aware one, in nats."""
        first, second = (self.column("kl", name) for name in (VANILLA, self.variance_aware))
        return self.interval(lambda rows: (first - second)[rows].mean())

    def reliability(self, rng: np.random.Generator) -> str:
        """Return what an interval of the variance ratio is worth in this design, simulated."""
        judged, noise = self.of_method(self.variance_aware)
        spread = max(float(true_variance(judged, noise)), 1e-12)
        means = np.array([judged[rows].mean() for rows in self.clusters])
        size = round(np.mean([len(rows) for rows in self.clusters]))
        design = [np.arange(size) + size * index for index in range(len(self.clusters))]
        within = np.mean(
            [judged[rows].var(ddof=1) for rows in self.clusters if len(rows) > 1] or [0.0]
        )
        common = means.var(ddof=1) - within / size if len(means) > 1 else 0.0
        share = float(np.clip(common / spread, 0.0, 1.0))
        arguments = (design, self.nested, share, float(noise.mean()) / spread)
        at_one, at_more = (reliability_of_ratio(*arguments, ratio, rng) for ratio in (1.0, 1.5))
        return (
            f"such an interval covers the truth in {at_one.coverage:.0%} of simulations where the "
            f"variances are equal, and lies above 1 in {at_more.power:.0%} where the ratio is 1.5 "
            "(of methods without common noise)"
        )
