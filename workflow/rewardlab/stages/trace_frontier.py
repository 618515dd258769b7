"""Judged and proxy rewards against the divergence, by method, over multiples of the coefficients.

Policies at one mean divergence still differ in their own, and what they are worth goes with it. So
the variance is also given after a regression of the judged reward on each policy's divergence,
within method and coefficient.
"""

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.stages.compare_methods import final_proxy, summary


def unexplained_variance(judged: np.ndarray, noise: np.ndarray, kl: np.ndarray) -> float:
    """Return the variance of judged rewards that a line in KL leaves, noise taken off."""
    slope = np.polyfit(kl, judged, 1)
    left = judged - np.polyval(slope, kl)
    return float((left**2).sum() / (len(judged) - 2) - noise.mean())


def run(job: Job) -> None:
    factors = [float(factor) for factor in job.options["factors"].split(",")]
    rows = []
    inputs = zip(factors, job.inputs["policies"], job.inputs["steps"], strict=True)
    for factor, policies, steps in inputs:
        proxies = final_proxy(pd.read_parquet(steps))
        kept = read_csv(policies)
        kept = kept[kept.judged.notna()].join(proxies, on=["method", "policy"])
        for method, table in kept.groupby("method", sort=False):
            row = {"method": method, "factor": factor}
            row |= summary(table, np.random.default_rng(job.seed))
            enough = len(table) > 2 and table.kl.std() > 0
            columns = (table[name].to_numpy() for name in ("judged", "noise", "kl"))
            row["unexplained_variance"] = unexplained_variance(*columns) if enough else float("nan")
            rows.append(row)
    table = pd.DataFrame(rows)
    write_csv(table, job.outputs["table"])
    lines = []
    for method, own in table[table.method.ne("reference")].groupby("method", sort=False):
        best = own.loc[own.judged.idxmax()]
        points = ", ".join(
            f"KL {row.kl:.2f}: judged {row.judged:.2f}, proxy {row.proxy:.2f}, variance "
            f"{row.variance:.4f} ({row.unexplained_variance:.4f} beside its line in KL)"
            for row in own.sort_values("kl").itertuples()
        )
        lines.append(f"{method}: {points}. Highest judged mean at KL {best.kl:.2f}.")
    job.outputs["findings"].write_text("\n\n".join(lines) + "\n")


COMMAND = Command(
    __spec__.name,
    run,
    seeded=True,
    inputs=("policies...", "steps..."),
    outputs=("table", "findings"),
    options={"factors": "multiples of the coefficients, separated by commas"},
)

if __name__ == "__main__":
    COMMAND.main()
