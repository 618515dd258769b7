"""How often the models that judge policies agree with held-out preferences.

Columns: panel (the same for all), name (a set of preferences), value, low, high, is_baseline.
"""

import numpy as np
import pandas as pd

from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.evaluation.estimates import over_units
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.rewards.judgements import with_judgements
from rewardlab.running.stage import Inputs, Output, State, main, stage
from rewardlab.settings.rewards import FeatureSettings, Length
from rewardlab.settings.world import WorldSettings


@stage
def tabulate_judges(
    preferences: Inputs,
    table: Output,
    findings: Output,
    state: State,
    names: list[str],
    world: WorldSettings,
    settings: FeatureSettings,
    max_length: Length | None,
    judges: Inputs = (),
) -> None:
    """Accuracy by set of preferences; judges: their manifests, one for each set."""
    rows = []
    for file, judge, name in zip(preferences, judges, names, strict=True):
        pairs = pairs_of_split(file, "evaluation")
        sides = []
        for side in ("chosen", "rejected"):
            texts = pairs[["prompt"]].assign(response=pairs[side])
            kept = state / f"{name} {side}"
            told = with_judgements(texts, [name], world, [judge], settings, max_length, kept)
            sides.append(told[f"gold_{name}"].to_numpy())
        right = (np.sign(sides[0] - sides[1]) + 1) / 2
        # Without a prompt each pair is a unit.
        units = pairs.prompt.where(pairs.prompt.ne(""), pairs.chosen + pairs.rejected)
        value, low, high, _ = over_units(lambda at, r=right: r[at].mean(), units).quantity
        rows.append(("agrees with held-out preferences", name, value, low, high, False))
    columns = ["panel", "name", "value", "low", "high", "is_baseline"]
    write_csv(pd.DataFrame(rows, columns=columns), table)
    said = ", ".join(f"{row[1]} {share(row[2])}" for row in rows)
    findings.write_text(f"Held-out pairs on which the judge agrees with the label: {said}.\n")


if __name__ == "__main__":
    main(tabulate_judges)
