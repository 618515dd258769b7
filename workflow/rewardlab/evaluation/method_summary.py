"""A method's policies in one row: judged mean and variance with intervals, divergence, proxy."""

import numpy as np
import pandas as pd

from rewardlab.evaluation.spread import true_variance
from rewardlab.evaluation.statistics import percentile_interval
from rewardlab.policies.names import KEY

RESAMPLES = 4000


def final_proxy(steps: pd.DataFrame) -> pd.Series:
    """Return each policy's mean proxy reward over the last tenth of training."""
    last = steps.step.max() - max(1, int(steps.step.max()) // 10)
    return steps[steps.step.gt(last)].groupby(KEY).proxy.mean().rename("proxy")


def summary(policies: pd.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """Return mean and variance of one method's policies, with intervals over policies.

    A single policy has no interval, and no variance.
    """
    judged, noise = policies.judged.to_numpy(), policies.noise.to_numpy()
    low = high = variance_low = variance_high = np.nan
    if len(judged) > 1:
        rows = rng.integers(len(judged), size=(RESAMPLES, len(judged)))
        low, high = percentile_interval(judged[rows].mean(1))
        variances = np.array([true_variance(judged[row], noise[row]) for row in rows])
        variance_low, variance_high = percentile_interval(variances)
    return {
        "policies": len(policies),
        "judged": judged.mean(),
        "judged_low": float(low),
        "judged_high": float(high),
        "variance": float(true_variance(judged, noise)),
        "variance_low": float(variance_low),
        "variance_high": float(variance_high),
        "kl": policies.kl.mean(),
        "proxy": policies.proxy.mean() if "proxy" in policies else float("nan"),
    }


def with_proxy(policies: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return the policies that were judged, with their final proxy reward."""
    return policies[policies.judged.notna()].join(final_proxy(steps), on=KEY)
