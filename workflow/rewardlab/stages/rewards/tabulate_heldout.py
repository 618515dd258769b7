"""Accuracy on a preference set's evaluation split: reward model, ensemble, and two baselines."""

import numpy as np
import pandas as pd

from rewardlab.data.pairs_table import pairs_of_split, training_pairs
from rewardlab.evaluation.baselines import bag_of_words_margins, longer_is_better
from rewardlab.evaluation.scores import rewards_of, sides
from rewardlab.evaluation.statistics import binomial_interval
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Seed


def margins(scores: pd.DataFrame) -> np.ndarray:
    """Return the margin of the mean reward of each pair, (n,)."""
    chosen, rejected = sides(scores)
    return (rewards_of(chosen) - rewards_of(rejected)).mean(1)


def heldout_table(name: str, found: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return a row per method: set, method, pairs, accuracy with its interval. A tie is wrong."""
    rows = []
    for method, values in found.items():
        right = (values > 0).sum()
        low, high = binomial_interval(right, len(values))
        rows.append((name, method, len(values), right / len(values), float(low), float(high)))
    columns = ["set", "method", "pairs", "accuracy", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


@stage
def tabulate_heldout(
    preferences: Inputs,
    single: Inputs,
    ensemble: Inputs,
    table: Output,
    findings: Output,
    sets: dict[str, Seed],
) -> None:
    """Held-out accuracy of every set's models; sets: name -> seed, in the order of the files."""
    tables, lines = [], []
    for (name, seed), *paths in zip(sets.items(), preferences, single, ensemble, strict=True):
        train, test = training_pairs(paths[0]), pairs_of_split(paths[0], "evaluation")
        texts = [(rows.chosen.tolist(), rows.rejected.tolist()) for rows in (train, test)]
        found = {
            "longer response": longer_is_better(*texts[1]),
            "bag of words": bag_of_words_margins(*texts, seed),
            "single reward model": margins(pd.read_parquet(paths[1])),
            "ensemble, mean of heads": margins(pd.read_parquet(paths[2])),
        }
        tables.append(heldout_table(name, found))
        values = ", ".join(f"{row.method} {share(row.accuracy)}" for row in tables[-1].itertuples())
        lines.append(f"{name} ({len(test)} held-out pairs): {values}.\n")
    write_csv(pd.concat(tables), table)
    findings.write_text("\n".join(lines))


if __name__ == "__main__":
    main(tabulate_heldout)
