"""Bandits in which a penalty weighted by sigma pays or does not: by noise and by sigma's spread.

For each noise over signal and coefficient of variation of sigma: the variance of vanilla policies'
true return over that of weighted ones at equal divergence, where sigma is known and where it is
estimated from ensembles of several sizes, with intervals over worlds; the difference of mean
returns; and the closed form for small divergences.
"""

from itertools import product

import numpy as np
import pandas as pd

from rewardlab.evaluation.statistics import bootstrap_means, percentile_interval
from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.sigma_regimes import (
    deviations_of,
    returns_at,
    small_divergence_ratio,
)
from rewardlab.running.progress import progress
from rewardlab.running.stage import Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.regimes import BanditRegimesSettings
from rewardlab.settings.types import Positive, Seed

KNOWN = 0  # heads that a known sigma is estimated from
RESAMPLES = 2000


def cell(
    noise: float, heterogeneity: float, settings: BanditRegimesSettings, exponents, seed: int
) -> list[dict[str, float]]:
    """Return a row for each divergence, exponent and source of sigma: same worlds, same heads."""
    rng = np.random.default_rng(seed)
    worlds, draws, arms = settings.worlds, settings.draws, settings.arms
    true = rng.standard_normal((worlds, 1, arms))
    deviations = deviations_of(noise, heterogeneity, (worlds, 1, arms), rng)
    heads = rng.standard_normal((max(settings.heads), worlds, draws, arms))
    rewards = true + deviations * heads[0]
    vanilla = {
        divergence: returns_at(rewards, np.ones_like(true), true, divergence)
        for divergence in settings.divergences
    }
    rows = []
    for source, exponent, (divergence, base) in product(
        (KNOWN, *settings.heads), exponents, vanilla.items()
    ):
        sigma = deviations * (1.0 if source == KNOWN else heads[:source].std(0, ddof=1))
        weights = (sigma / sigma.mean()) ** exponent
        weighted = returns_at(rewards, weights, true, divergence)
        # By world: both variances, and the difference of the means.
        parts = np.column_stack(
            [base.var(1, ddof=1), weighted.var(1, ddof=1), (weighted - base).mean(1)]
        )
        mean = parts.mean(0)
        drawn = bootstrap_means(parts, np.random.default_rng(seed), RESAMPLES)
        low, high = percentile_interval(drawn[:, 0] / drawn[:, 1])
        gain_low, gain_high = percentile_interval(drawn[:, 2])
        rows.append(
            {
                "divergence": divergence,
                "noise": noise,
                "heterogeneity": heterogeneity,
                "exponent": exponent,
                "heads": source,
                "ratio": mean[0] / mean[1],
                "ci_low": low,
                "ci_high": high,
                "gain": mean[2],
                "gain_low": gain_low,
                "gain_high": gain_high,
                "small_divergence": small_divergence_ratio(deviations.ravel(), 1.0, exponent),
            }
        )
    return rows


@stage
def simulate_regimes(
    table: Output, settings: BanditRegimesSettings, exponents: list[Positive], seed: Seed
) -> None:
    """The bandits of the regimes, in every cell of noise and heterogeneity."""
    cells = list(product(settings.noise, settings.heterogeneity))
    rows = []
    for noise, heterogeneity in progress(cells, "bandits", len(cells)):
        of_cell = derive_seed(seed, f"{noise:g}", f"{heterogeneity:g}")
        rows += cell(noise, heterogeneity, settings, exponents, of_cell)
    write_csv(pd.DataFrame(rows), table)


if __name__ == "__main__":
    main(simulate_regimes)
