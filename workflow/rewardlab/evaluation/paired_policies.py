"""The policies of two methods side by side: differences and ratios with clustered intervals.

Policies that share a head, or an ensemble, are alike. Against fresh ensembles these are the units
of all intervals, against one it is its heads: both methods are left out together (`estimates`). A
variance is taken less the noise of judging. Where the methods' mean divergences differ by more than
EQUAL_KL, gains can be taken at equal divergence: less a line in the policies' own divergences,
whose slope is common to both methods.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.spread import reliability_of_ratio, true_variance, variance_ratio
from rewardlab.policies.names import FINISHED, JUDGED, NOISE_OF_JUDGING, REFERENCE, VANILLA

EQUAL_KL = 0.03  # nats


class PairedPolicies:
    """Policies of vanilla, of the variance-aware method and of the reference, by their number."""

    def __init__(
        self, policies: pd.DataFrame, variance_aware: str, nested: bool, gold: str = ""
    ) -> None:
        """nested: whether clusters are ensembles rather than heads; gold: another judge's name."""
        self.variance_aware = variance_aware
        shown = policies[policies.method.isin([REFERENCE, VANILLA, variance_aware])]
        trained = shown[shown.method.ne(REFERENCE)]
        self.lost = trained[trained.ended.ne(FINISHED)]
        columns = {f"{name}{gold}": name for name in (JUDGED, NOISE_OF_JUDGING)} | {"kl": "kl"}
        renamed = shown[["policy", "method", *columns]].rename(columns=columns)
        wide = renamed.pivot(index="policy", columns="method", values=list(columns.values()))
        self.wide = wide.dropna()
        self.nested = nested
        cluster = "ensemble" if self.nested else "head"
        of_policy = trained[trained.method.eq(VANILLA)].set_index("policy")[cluster]
        self.members = of_policy.loc[self.wide.index].to_numpy()
        self.clusters = [np.flatnonzero(self.members == name) for name in pd.unique(self.members)]

    @property
    def count(self) -> str:
        """Return in words how many policies there are."""
        return f"{len(self.wide)} policies of each method in {len(self.clusters)} clusters"

    def column(self, quantity: str, method: str) -> np.ndarray:
        """Return judged, noise or kl of a method's policies, (n,)."""
        return self.wide[quantity, method].to_numpy(float)

    def estimate(self, statistic: Callable[[np.ndarray], float], log: bool = False) -> Estimate:
        """Return a statistic of row numbers with its error; a single cluster gives none."""
        return over_units(statistic, self.members, log)

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
            np.stack([self.column("kl", name)[rows], self.column(JUDGED, name)[rows]])
            for name in (VANILLA, self.variance_aware)
        ]
        kl, judged = np.concatenate([part - part.mean(1, keepdims=True) for part in parts], axis=1)
        return float(kl @ judged / max(kl @ kl, 1e-12))

    def gain_at_equal_kl(self, first: str, second: str) -> Estimate:
        """Return the same as `gain`, less what the difference of divergences explains."""
        judged, kl = (
            self.column(name, first) - self.column(name, second) for name in ("judged", "kl")
        )
        return self.estimate(lambda rows: (judged - self._slope(rows) * kl)[rows].mean())

    def mean_of(self, quantity: str, method: str) -> Estimate:
        """Return the mean of judged, noise or kl over a method's policies."""
        values = self.column(quantity, method)
        return self.estimate(lambda rows: values[rows].mean())

    def gain(self, first: str, second: str) -> Estimate:
        """Return the mean judged reward of the first method less that of the second."""
        difference = self.column(JUDGED, first) - self.column(JUDGED, second)
        return self.estimate(lambda rows: difference[rows].mean())

    def of_method(self, method: str) -> np.ndarray:
        """Return judged means and the variances of their noise, (2, n)."""
        return np.stack([self.column(JUDGED, method), self.column(NOISE_OF_JUDGING, method)])

    def ratio_of_variances(self) -> Estimate:
        """Return vanilla's over the variance-aware one; infinite where the latter is all noise."""
        first, second = self.of_method(VANILLA), self.of_method(self.variance_aware)
        return self.estimate(
            lambda rows: float(variance_ratio(first[:, rows], second[:, rows])), log=True
        )

    def ratio_beside_kl(self) -> Estimate:
        """Return the same of what is left beside a line in each policy's own divergence."""
        methods = (VANILLA, self.variance_aware)
        parts = [(self.of_method(name), self.column("kl", name)) for name in methods]

        def ratio(rows: np.ndarray) -> float:
            slope, left = self._slope(rows), []
            for (judged, noise), kl in parts:
                left.append(np.stack([judged[rows] - slope * kl[rows], noise[rows]]))
            return float(variance_ratio(*left))

        return self.estimate(ratio, log=True)

    def difference_of_divergences(self) -> Estimate:
        """Return vanilla's mean KL divergence less the variance-aware one, in nats."""
        first, second = (self.column("kl", name) for name in (VANILLA, self.variance_aware))
        return self.estimate(lambda rows: (first - second)[rows].mean())

    def reliability(self, rng: np.random.Generator) -> str:
        """Return what an interval of the variance ratio is worth in this design, simulated."""
        if len(self.clusters) < 2:
            return "a single cluster gives no interval"
        judged, noise = self.of_method(self.variance_aware)
        spread = max(float(true_variance(judged, noise)), 1e-12)
        means = np.array([judged[rows].mean() for rows in self.clusters])
        size = round(np.mean([len(rows) for rows in self.clusters]))
        within = np.mean(
            [judged[rows].var(ddof=1) for rows in self.clusters if len(rows) > 1] or [0.0]
        )
        common = means.var(ddof=1) - within / size if len(means) > 1 else 0.0
        share = float(np.clip(common / spread, 0.0, 1.0))
        # Of the judged rewards, not of the true ones, which is less: power is not overstated.
        alike = float(np.corrcoef(self.column(JUDGED, VANILLA), judged)[0, 1])
        design = (len(self.clusters), size, share, alike, float(noise.mean()) / spread)
        at_one, at_more = (reliability_of_ratio(*design, ratio, rng) for ratio in (1.0, 1.5))
        return (
            f"such an interval covers the truth in {at_one.coverage:.0%} of simulations where the "
            f"variances are equal, and lies above 1 in {at_more.power:.0%} where the ratio is 1.5 "
            f"(the methods' policies correlate at {alike:.2f})"
        )
