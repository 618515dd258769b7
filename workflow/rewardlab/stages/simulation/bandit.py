"""Figure 2: a three-armed bandit whose worst arm has the highest and least certain estimate.

The naive policy maximises the estimated reward under a bound on the KL divergence from the uniform
policy; the conservative one maximises it under a bound on the variance-weighted divergence
(Theorem 3.6). Both spend the same KL divergence.
"""

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.weighted_kl import optimal_policy, weighted_kl
from rewardlab.running.stage import Output, main, stage
from rewardlab.settings.simulation import BanditSettings

POLICIES = ("reference", "naive", "conservative")


def policy_at_kl(reference, rewards, weights, kl):
    """Return the optimum of the weighted problem whose plain KL divergence is `kl` nats."""

    def excess(log_beta):
        policy = optimal_policy(reference, rewards, weights, np.exp(log_beta))
        return float(weighted_kl(policy, reference, np.ones_like(weights))) - kl

    return optimal_policy(reference, rewards, weights, np.exp(brentq(excess, -8.0, 12.0)))


def bandit_table(settings: BanditSettings) -> pd.DataFrame:
    """Return one row per arm: rewards, estimate, interval, and each policy's probability."""
    true, estimates, deviations = map(
        np.array, (settings.true_rewards, settings.estimates, settings.deviations)
    )
    uniform = np.full(3, 1 / 3)
    naive = policy_at_kl(uniform, estimates, np.ones(3), settings.kl)
    return pd.DataFrame(
        {
            "arm": [1, 2, 3],
            "true_reward": true,
            "estimate": estimates,
            "interval_low": estimates - 2 * deviations,
            "interval_high": estimates + 2 * deviations,
            "reference": uniform,
            "naive": naive,
            "conservative": policy_at_kl(uniform, estimates, deviations**2, settings.kl),
        }
    )


def findings_of(table: pd.DataFrame, settings: BanditSettings) -> str:
    """Return the caption's sentences on what came out."""
    returns = {name: table[name] @ table.true_reward for name in POLICIES}
    text = ", ".join(f"{name} {value:.2f}" for name, value in returns.items())
    return (
        f"True returns at a KL divergence of {settings.kl:g} nats from the uniform policy: {text}. "
        f"Arm 1 has a probability of {table.naive[0]:.2f} under the naive policy and "
        f"{table.conservative[0]:.2f} under the conservative one.\n"
    )


@stage
def bandit(table: Output, findings: Output, settings: BanditSettings) -> None:
    """Figure 2: three arms, and what two policies make of them."""
    arms = bandit_table(settings)
    write_csv(arms, table)
    findings.write_text(findings_of(arms, settings))


if __name__ == "__main__":
    main(bandit)
