"""A judge in words beside a reward model, on the same held-out pairs.

Accuracy by the labels, with both orders together (a pair on which they disagree counts half) and in
each; how often a swap leaves the verdict, and which place is preferred where it does not. Columns
of the table: panel (accuracy or verdicts), name, value, low, high.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import detectable
from rewardlab.judging.comparisons import TIE
from rewardlab.judging.verdicts import by_order, together
from rewardlab.running.stage import Input, Output, main, stage

Array = NDArray[np.float64]
MODEL, BOTH = "reward model", "judge, both orders"


def mean_of(values: Array, prompts: Array) -> Estimate:
    """Return the mean of values (n,), none of them missing, with prompts as the units."""
    kept = ~np.isnan(values)
    return over_units(lambda rows: float(values[kept][rows].mean()), prompts[kept])


def verdict_shares(preferred: Array) -> dict[str, Array]:
    """Return what becomes of each pair, (n,) each: shares that add up to 1."""
    shown_first, shown_second = preferred.T  # 1: the chosen one is preferred
    missing = np.isnan(preferred).any(1)
    tied = ~missing & (preferred == 0.5).any(1)
    same = ~missing & ~tied & (shown_first == shown_second)
    first = ~missing & ~tied & (shown_first == 1) & (shown_second == 0)
    second = ~missing & ~tied & (shown_first == 0) & (shown_second == 1)
    found = {
        "same verdict": same,
        "first place twice": first,
        "second place twice": second,
        "a tie": tied,
        "no verdict": missing,
    }
    return {name: part.astype(float) for name, part in found.items()}


@stage
def tabulate_verdicts(
    judged: Input,
    preferences: Input,
    scores: Input,
    table: Output,
    findings: Output,
    claims: Output,
) -> None:
    """B6; scores: the reward model's, of both sides of every held-out pair."""
    verdicts = pd.read_parquet(judged)
    count = verdicts.pair.nunique()
    prompts = pairs_of_split(preferences, "evaluation").prompt.to_numpy()[:count]
    rewards = pd.read_parquet(scores)
    sides = rewards[rewards.id < count].pivot(index="id", columns="side", values="reward_0")
    margin = (sides.chosen - sides.rejected).to_numpy()
    by_model = np.where(margin == 0, 0.5, margin > 0).astype(float)
    preferred = by_order(verdicts)
    by_judge = together(preferred)
    accuracies = {
        MODEL: by_model,
        BOTH: by_judge,
        "judge, better one first": preferred[:, 0],
        "judge, better one second": preferred[:, 1],
    }
    rows = []
    for panel, parts in (
        ("agrees with the label", accuracies),
        ("the two orders of a pair", verdict_shares(preferred)),
    ):
        for name, values in parts.items():
            if np.isnan(values).all():
                continue
            value, low, high, _ = mean_of(values, prompts).quantity
            rows.append((panel, name, value, max(low, 0.0), min(high, 1.0), name == MODEL))
    columns = ["panel", "name", "value", "low", "high", "is_baseline"]
    found = pd.DataFrame(rows, columns=columns)
    write_csv(found, table)
    said = ", ".join(
        f"{name} {share(value)}" for name, value in zip(found.name, found.value, strict=True)
    )
    ties = int(verdicts.verdict.eq(TIE).sum())
    words = f"of {count} pairs: {said}; {ties} of {len(verdicts)} verdicts are ties"
    lead = Quantity(float("nan"))
    if np.isnan(by_judge).all():
        words += "; the judge gave no verdict at all"
    else:
        estimate = mean_of(by_model - by_judge, prompts)
        lead = estimate.quantity
        words += f"; {100 * detectable(estimate):.2g} points could be told from 0"
    write_findings([Finding("B6", {}, lead, words)], claims)
    findings.write_text(f"{words[0].upper()}{words[1:]}.\n")


if __name__ == "__main__":
    main(tabulate_verdicts)
