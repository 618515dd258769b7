"""Figures 10 and 11, and the search: KL and proxy reward by step, and the coefficients tried."""

from typing import Any

import pandas as pd

from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Input, Inputs, Output, main, stage


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


def search_in_words(table: pd.DataFrame) -> str:
    """Return a sentence for each method whose coefficient was searched."""
    lines = [
        f"{method}: beta = {rows.beta.iloc[-1]:.3g}, tried or interpolated for a KL divergence of "
        f"{rows.kl.iloc[-1]:.3f} (standard error of the nearest trial {rows.error.iloc[-1]:.3f}), "
        f"after {len(rows) - 1} coefficients."
        for method, rows in table.groupby("method", sort=False)
    ]
    return "\n\n".join(lines) or "All coefficients are fixed in the settings."


@stage
def tabulate_training(
    steps: Input,
    trials: Inputs,
    kl: Output,
    kl_findings: Output,
    proxy: Output,
    proxy_findings: Output,
    search: Output,
    search_findings: Output,
    printed: dict[str, Any],
) -> None:
    """Figures 10 and 11 and the search; printed: the paper's range of the final KL divergence."""
    seen = pd.read_parquet(steps)
    divergence, divergence_text = curves(seen, "kl")
    divergence = divergence.assign(paper_low=printed["low"], paper_high=printed["high"])
    tried = pd.concat([read_csv(path) for path in trials], ignore_index=True)
    for table, text, path, findings in (
        (divergence, divergence_text, kl, kl_findings),
        (*curves(seen, "proxy"), proxy, proxy_findings),
        (tried, search_in_words(tried), search, search_findings),
    ):
        write_csv(table, path)
        findings.write_text(text + "\n")


if __name__ == "__main__":
    main(tabulate_training)
