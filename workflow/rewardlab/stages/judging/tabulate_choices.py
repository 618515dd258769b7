"""Best-of-k's win rates on all properties by a judge in words, beside gold on the same pairs.

Columns of the table: panel (by the judge, by gold), name (a method), value, low, high, is_baseline
(the method that does not choose).
"""

import pandas as pd

from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.judged import ALL, GOLD, JUDGE, ONE, agreements, read_judged
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.world import WorldSettings

PANELS = {JUDGE: "better on all: by the judge", GOLD: "better on all: by gold"}


def win_rate(rows: pd.DataFrame, column: str) -> Estimate:
    """Return the mean of a column over its prompts, without those that have no verdict."""
    values = rows[column].dropna().to_numpy()
    return over_units(lambda kept: values[kept].mean(), range(len(values)))


@stage
def tabulate_choices(
    judged: Inputs,
    table: Output,
    findings: Output,
    properties: list[str],
    world: WorldSettings | None,
) -> None:
    """Win rates by method; judged: the pairs with verdicts, a table for each property."""
    pairs = read_judged(judged, properties, world)
    parts, said = [], []
    for scorer, panel in PANELS.items():
        if scorer == GOLD and world is None:
            continue
        for method, rows in pairs.groupby("method", sort=False):
            if rows[f"win_{scorer}_{ALL}"].isna().all():
                continue
            rates = {
                name: win_rate(rows, f"win_{scorer}_{name}").quantity for name in (ALL, *properties)
            }
            value, low, high, _ = rates[ALL]
            parts.append((panel, method, value, max(low, 0.0), min(high, 1.0), method == ONE))
            if scorer == JUDGE:
                each = ", ".join(f"{name} {share(rates[name].value)}" for name in properties)
                said.append(f"{method} {share(value)} ({each})")
    columns = ["panel", "name", "value", "low", "high", "is_baseline"]
    write_csv(pd.DataFrame(parts, columns=columns), table)
    prompts = pairs.prompt_id.nunique()
    missing = int(pairs[f"win_{JUDGE}_{ALL}"].isna().sum())
    findings.write_text(
        f"By the judge, one drawn pair of each of {prompts} prompts in both orders: "
        f"{'; '.join(said) or 'no verdict at all'}.{agreements(pairs, properties, world)} "
        f"{missing} of {len(pairs)} pairs have no verdict, and count for nothing.\n"
    )


if __name__ == "__main__":
    main(tabulate_choices)
