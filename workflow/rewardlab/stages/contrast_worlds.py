"""Figure 12's contrast in many worlds: gain, variance ratio and divergence of the two methods."""

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.spread import true_variance
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.evaluation.verdicts import inside
from rewardlab.stages.judge_policies import (
    ABOVE_NOTHING,
    ABOVE_ONE,
    REFERENCE,
    VANILLA,
    Figure,
)


def contrast(policies: pd.DataFrame, aware: str, seed: int) -> list[dict[str, object]]:
    """Return a row per quantity: value, interval, verdict."""
    figure = Figure(policies, aware, "fig12", seed)
    gain, gain_interval = figure.gain(aware, VANILLA)
    ratio, ratio_interval = figure.ratio_of_variances()
    rows = [
        ("gain of variance-aware over vanilla", gain, gain_interval, ABOVE_NOTHING),
        ("variance of vanilla over variance-aware", ratio, ratio_interval, ABOVE_ONE),
    ]
    for method in (VANILLA, aware):
        over, interval = figure.gain(method, REFERENCE)
        rows.append((f"gain of {method} over the reference", over, interval, ABOVE_NOTHING))
    named = [
        {
            "quantity": name,
            "value": value,
            "ci_low": low,
            "ci_high": high,
            "verdict": inside((low, high), bounds),
        }
        for name, value, (low, high), bounds in rows
    ]
    for method in (VANILLA, aware):
        judged, noise = figure.column("judged", method), figure.column("noise", method)
        for name, value in (
            (f"KL of {method}", figure.column("kl", method).mean()),
            (f"variance of {method}", true_variance(judged, noise)),
        ):
            named.append({"quantity": name, "value": float(value)})
    return named


def run(job: Job) -> None:
    parts = []
    names = job.options["worlds"].split(",")
    for name, path in zip(names, job.inputs["tables"], strict=True):
        rows = contrast(read_csv(path), job.options["aware"], job.seed)
        _, seed, kind = name.split("-", 2)
        parts.append(pd.DataFrame(rows).assign(world=name, world_seed=int(seed), kind=kind))
    table = pd.concat(parts, ignore_index=True)
    write_csv(table, job.outputs["table"])
    lines = []
    for quantity, rows in table[table.verdict.notna()].groupby("quantity", sort=False):
        by_kind = "; ".join(
            f"{kind}: mean {own.value.replace(np.inf, np.nan).mean():.3f}, "
            + ", ".join(
                f"{count} {verdict}" for verdict, count in own.verdict.value_counts().items()
            )
            for kind, own in rows.groupby("kind", sort=False)
        )
        lines.append(f"{quantity}, by world: {by_kind}.")
    job.outputs["findings"].write_text("\n\n".join(lines) + "\n")


COMMAND = Command(
    __spec__.name,
    run,
    seeded=True,
    inputs=("tables...",),
    outputs=("table", "findings"),
    options={
        "worlds": "names of the worlds, separated by commas: policies-SEED-KIND",
        "aware": "the variance-aware method",
    },
)

if __name__ == "__main__":
    COMMAND.main()
