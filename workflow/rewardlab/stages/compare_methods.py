"""All penalties at the same divergence: judged mean, variance, divergence and proxy, by method.

Every method has one policy against each of the same fresh ensembles; intervals resample ensembles,
the same ones for all methods.
"""

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.spread import true_variance
from rewardlab.evaluation.statistics import percentile_interval
from rewardlab.evaluation.tables import read_csv, write_csv

RESAMPLES = 4000


def final_proxy(steps: pd.DataFrame) -> pd.Series:
    """Return each policy's mean proxy reward over the last tenth of training."""
    last = steps.step.max() - max(1, int(steps.step.max()) // 10)
    return steps[steps.step.gt(last)].groupby(["method", "policy"]).proxy.mean().rename("proxy")


def summary(policies: pd.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """Return mean and variance of one method's policies, with intervals over policies."""
    judged, noise = policies.judged.to_numpy(), policies.noise.to_numpy()
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


def run(job: Job) -> None:
    policies = read_csv(job.inputs["policies"])
    proxies = final_proxy(pd.read_parquet(job.inputs["steps"]))
    kept = policies[policies.judged.notna()].join(proxies, on=["method", "policy"])
    rows = []
    for method, table in kept.groupby("method", sort=False):
        rows.append({"method": method} | summary(table, np.random.default_rng(job.seed)))
    table = pd.DataFrame(rows)
    write_csv(table, job.outputs["table"])
    lines = [
        f"{row.method}: judged {row.judged:.3f} [{row.judged_low:.3f}, {row.judged_high:.3f}], "
        f"variance without noise {row.variance:.4f} [{row.variance_low:.4f}, "
        f"{row.variance_high:.4f}], KL {row.kl:.2f}, {row.policies} policies."
        for row in table.itertuples()
    ]
    job.outputs["findings"].write_text("\n\n".join(lines) + "\n")


COMMAND = Command(
    __spec__.name,
    run,
    seeded=True,
    inputs=("policies", "steps"),
    outputs=("table", "findings"),
)

if __name__ == "__main__":
    COMMAND.main()
