"""The tables of Figures 7, 10, 11 and 12: judged rewards by policy, KL and proxy reward by step."""

import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.spread import components, true_variance
from rewardlab.evaluation.tables import read_csv, write_csv

FINISHED = "finished"


def moments(policies: pd.DataFrame) -> pd.DataFrame:
    """Return by method: policies finished and meant, mean, variance, variance without noise."""
    rows = []
    for method, table in policies.groupby("method", sort=False):
        kept = table[table.ended.eq(FINISHED)]
        judged, noise = kept.judged.to_numpy(), kept.noise.to_numpy()
        variance = float(judged.var(ddof=1)) if len(kept) > 1 else float("nan")
        rows.append(
            (method, len(kept), len(table), judged.mean(), variance, true_variance(judged, noise))
        )
    columns = ["method", "finished", "policies", "mean", "variance", "true_variance"]
    return pd.DataFrame(rows, columns=columns)


def distributions(policies: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return Figure 7 or 12: each policy's judged reward, and the moments of its method."""
    table = policies.merge(moments(policies), on="method")
    lines = []
    for row in moments(policies).itertuples():
        lines.append(
            f"{row.method}: {row.finished} of {row.policies} policies finished, "
            f"mean {row.mean:.3f}, variance {row.variance:.4f}, without the noise of judging "
            f"{row.true_variance:.4f}."
        )
        own = policies[policies.method.eq(row.method) & policies.ended.eq(FINISHED)]
        trials = own.groupby("head").trial.nunique()
        if len(trials) > 1 and trials.min() > 1 and len(own) == len(trials) * trials.max():
            grids = (
                own.pivot(index="head", columns="trial", values=v) for v in ("judged", "noise")
            )
            parts = components(*(grid.to_numpy() for grid in grids))
            lines.append(
                f"{row.method}, variance between heads {parts.between:.4f}, between trials of one "
                f"head {parts.within:.4f}."
            )
    return table, "\n\n".join(lines)


def curves(steps: pd.DataFrame, quantity: str) -> tuple[pd.DataFrame, str]:
    """Return mean and standard deviation over policies of a quantity, by method and step."""
    groups = steps.groupby(["method", "step"], sort=False)[quantity]
    table = groups.agg(["mean", "std", "count"]).reset_index().assign(quantity=quantity)
    lines = []
    for method, rows in table.groupby("method", sort=False):
        tenth = max(1, len(rows) // 10)
        first, last = rows.head(tenth)["mean"].mean(), rows.tail(tenth)["mean"].mean()
        spread = rows.tail(tenth)["std"].mean()
        lines.append(
            f"{method}: {first:.2f} over the first tenth of training, {last:.2f} over the last, "
            f"with a standard deviation of {spread:.2f} over {rows['count'].max()} policies."
        )
    return table, "\n\n".join(lines)


def run(job: Job) -> None:
    item = job.options["item"]
    if item in ("fig7", "fig12"):
        table, said = distributions(read_csv(job.inputs["policies"]))
    else:
        steps = pd.read_parquet(job.inputs["steps"])
        table, said = curves(steps, {"fig10": "kl", "fig11": "proxy"}[item])
    write_csv(table, job.outputs["table"])
    job.outputs["findings"].write_text(said + "\n")


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("policies", "steps"),
    outputs=("table", "findings"),
    options={"item": "fig7, fig10, fig11 or fig12"},
)

if __name__ == "__main__":
    COMMAND.main()
