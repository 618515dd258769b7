"""How often what judges policies agrees with held-out preferences.

Columns: panel (the same for all), name (a set of preferences), value, low, high, is_baseline.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.evaluation.estimates import over_units
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.rewards.judgements import models_by_set, with_judgements
from rewardlab.running.stage import Inputs, Output, State, main, stage
from rewardlab.settings.judging import JudgeSettings


def agreement_with_labels(
    pairs: pd.DataFrame, name: str, judge: JudgeSettings, models: list[Path], state: Path
) -> NDArray[np.float64]:
    """Return how far a judge prefers the chosen response of each pair (n,); ties are halves."""

    def told(side: str, other: str) -> NDArray[np.float64]:
        texts = pairs[["prompt"]].assign(response=pairs[side])
        found = with_judgements(texts, [name], judge, models, state / side, pairs[other])
        return found[f"gold_{name}"].to_numpy()

    chosen = told("chosen", "rejected")
    if judge.asking is not None:
        return chosen
    return (np.sign(chosen - told("rejected", "chosen")) + 1) / 2


@stage
def tabulate_judges(
    preferences: Inputs,
    table: Output,
    findings: Output,
    state: State,
    names: list[str],
    judge: JudgeSettings,
    models: Inputs = (),
) -> None:
    """Accuracy by set of preferences; models: manifests of what judges, one for each set.

    A judge in words compares both sides of as many pairs as judging.pairs says.
    """
    rows = []
    of_set = models_by_set(names, models)
    for file, model, name in zip(preferences, of_set, names, strict=True):
        pairs = pairs_of_split(file, "evaluation")
        if judge.asking is not None:
            pairs = pairs.head(judge.asking.settings.pairs)
        right = agreement_with_labels(pairs, name, judge, model, state / name)
        # Without a prompt each pair is a unit.
        units = pairs.prompt.where(pairs.prompt.ne(""), pairs.chosen + pairs.rejected)
        value, low, high, _ = over_units(lambda at, r=right: r[at].mean(), units).quantity
        low, high = max(low, 0.0), min(high, 1.0)
        rows.append(("agrees with held-out preferences", name, value, low, high, False))
    columns = ["panel", "name", "value", "low", "high", "is_baseline"]
    write_csv(pd.DataFrame(rows, columns=columns), table)
    said = ", ".join(f"{row[1]} {share(row[2])}" for row in rows)
    findings.write_text(f"Held-out pairs on which the judge agrees with the label: {said}.\n")


if __name__ == "__main__":
    main(tabulate_judges)
