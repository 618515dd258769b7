"""Figures 7 and 12: judged rewards by policy, and the moments of each method."""

import pandas as pd

from rewardlab.evaluation.spread import components, true_variance
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.names import FINISHED
from rewardlab.running.stage import Input, Output, main, stage


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
        kept = policies[policies.method.eq(row.method) & policies.ended.eq(FINISHED)]
        trials = kept.groupby("head").trial.nunique()
        if len(trials) > 1 and trials.min() > 1 and len(kept) == len(trials) * trials.max():
            grids = (
                kept.pivot(index="head", columns="trial", values=v) for v in ("judged", "noise")
            )
            parts = components(*(grid.to_numpy() for grid in grids))
            lines.append(
                f"{row.method}, variance between heads {parts.between:.4f}, between trials of one "
                f"head {parts.within:.4f}."
            )
    return table, "\n\n".join(lines)


@stage
def tabulate_rewards(policies: Input, table: Output, findings: Output) -> None:
    """Figure 7 or 12: the judged reward of each policy."""
    rewards, text = distributions(read_csv(policies))
    write_csv(rewards, table)
    findings.write_text(text + "\n")


if __name__ == "__main__":
    main(tabulate_rewards)
