"""What only a sampled pool has: Figure 1 scored by the judge, and its references."""

import numpy as np
import pandas as pd

from rewardlab.evaluation.tables import read_csv, share, write_csv
from rewardlab.evaluation.win_rates import at_shown_k, rates_in_words
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.aggregation import AggregationSettings


def by_judge(rates: pd.DataFrame, settings: AggregationSettings) -> tuple[pd.DataFrame, str]:
    """Return Figure 1 scored by the judge, beside the models' own scores."""
    table = at_shown_k(rates, settings, ["rewards", "judges"])
    return table, rates_in_words(table)


def references(pool: pd.DataFrame, settings: AggregationSettings) -> tuple[pd.DataFrame, str]:
    """Return oracle and predicted quantiles of each prompt."""
    others = pool[pool.use.eq("reference")]
    parts = []
    for name in settings.properties:
        groups = others.groupby("prompt_id", sort=True)
        chosen_from = pool[pool.use.eq("pool")].groupby("prompt_id", sort=True)
        for label, quantile in settings.quantiles.items():
            columns = {
                "property": name,
                "quantile": label,
                "oracle": groups[name].quantile(quantile),
                "predicted": groups[f"{name}_predict_{label}"].first(),
                "refusal": groups[f"{name}_refusal"].first(),
                "of_pool": chosen_from[name].quantile(quantile),
            }
            parts.append(pd.DataFrame(columns).reset_index())
    table = pd.concat(parts, ignore_index=True)
    lines = []
    for (name, label), rows in table.groupby(["property", "quantile"], sort=False):
        error = _distance(rows.predicted, rows.oracle)
        lines.append(
            f"{name}, {label}: the prediction explains "
            f"{share(max(0.0, 1 - error**2 / rows.oracle.var(ddof=0)))} of the oracle's variance "
            f"over {len(rows)} prompts (root mean square error {error:.2f}, standard deviation of "
            f"the oracle {rows.oracle.std(ddof=0):.2f}); from the same quantile of the pool's "
            f"own samples the oracle is {_distance(rows.oracle, rows.of_pool):.2f} away, the "
            f"prediction {_distance(rows.predicted, rows.of_pool):.2f}"
        )
    return table, "; ".join(lines) + "."


def _distance(first: pd.Series, second: pd.Series) -> float:
    """Return the root mean square difference."""
    return float(np.sqrt(((first - second) ** 2).mean()))


@stage
def tabulate_judge(
    win_rates: Input,
    pool: Input,
    judge: Output,
    judge_findings: Output,
    reference: Output,
    reference_findings: Output,
    settings: AggregationSettings,
) -> None:
    """Figure 1 by the judge, and the references of every prompt."""
    for (table, text), path, findings in (
        (by_judge(read_csv(win_rates), settings), judge, judge_findings),
        (references(pd.read_parquet(pool), settings), reference, reference_findings),
    ):
        write_csv(table, path)
        findings.write_text(text + "\n")


if __name__ == "__main__":
    main(tabulate_judge)
