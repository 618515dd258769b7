"""Judged and proxy rewards against the divergence, by method, over multiples of the coefficients.

Policies at one mean divergence still differ in their own, and what they are worth goes with it. So
the variance is also given after a regression of the judged reward on each policy's divergence,
within method and coefficient.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.evaluation.method_summary import summary, with_proxy
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.names import REFERENCE
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.types import Seed


def unexplained_variance(judged: np.ndarray, noise: np.ndarray, kl: np.ndarray) -> float:
    """Return the variance of judged rewards that a line in KL leaves, noise taken off."""
    slope = np.polyfit(kl, judged, 1)
    left = judged - np.polyval(slope, kl)
    return float((left**2).sum() / (len(judged) - 2) - noise.mean())


@stage
def trace_frontier(
    policies: Input, steps: Input, table: Output, findings: Output, seed: Seed
) -> None:
    """Judged and proxy rewards against the divergence, over multiples of the coefficients."""
    kept = with_proxy(read_csv(policies), pd.read_parquet(steps))
    reference = kept[kept.method.eq(REFERENCE)]
    trained = kept[kept.method.ne(REFERENCE)]
    lines = []
    for factor, of_factor in trained.groupby("factor"):
        for method, rows in pd.concat([reference, of_factor]).groupby("method", sort=False):
            line = {"method": method, "factor": factor}
            line |= summary(rows, np.random.default_rng(seed))
            enough = len(rows) > 2 and rows.kl.std() > 0
            columns = (rows[name].to_numpy() for name in ("judged", "noise", "kl"))
            line["unexplained_variance"] = unexplained_variance(*columns) if enough else np.nan
            lines.append(line)
    frontier = pd.DataFrame(lines)
    write_csv(frontier, table)
    findings.write_text("\n\n".join(frontier_in_words(frontier)) + "\n")


def frontier_in_words(frontier: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each method."""
    trained = frontier[frontier.method.ne(REFERENCE)]
    for method, rows in trained.groupby("method", sort=False):
        best = rows.loc[rows.judged.idxmax()]
        points = ", ".join(
            f"KL {row.kl:.2f}: judged {row.judged:.2f}, proxy {row.proxy:.2f}, variance "
            f"{row.variance:.4f} ({row.unexplained_variance:.4f} beside its line in KL)"
            for row in rows.sort_values("kl").itertuples()
        )
        yield f"{method}: {points}. Highest judged mean at KL {best.kl:.2f}."


if __name__ == "__main__":
    main(trace_frontier)
