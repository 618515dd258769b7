"""Figures 1, 6 and 9: how much the heads of an ensemble disagree on the benchmark.

scores: the benchmark's responses with rewards of the ensemble; single: with those of the single
model that was tuned to the end of its schedule. Both have a row for each side of each pair, with
id, subset and side.
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.ensembles import accuracies, centred, head_variances
from rewardlab.evaluation.scores import rewards_of, sides
from rewardlab.evaluation.statistics import binomial_interval
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.running.stage import Input, Output, main, stage


def one_pair(scores: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return Figure 1: the rewards of the benchmark's first chosen response, raw and centred."""
    rewards = rewards_of(scores)
    row = int(np.flatnonzero(scores.side.eq("chosen"))[0])
    values, middle = rewards[row], centred(rewards)[row]
    table = pd.DataFrame(
        {
            "head": np.arange(1, len(values) + 1),
            "reward": values,
            "centred": middle,
            "spread_over_responses": rewards.std(0, ddof=1),
            "prompt": scores.prompt.iloc[row],
            "response": scores.response.iloc[row],
        }
    )
    text = (
        f"Rewards of {len(values)} heads on the benchmark's first chosen response range over "
        f"{np.ptp(values):.2f} (from {values.min():.2f} to {values.max():.2f}); with each head "
        f"centred on the benchmark's responses, over {np.ptp(middle):.2f}. One head's rewards have "
        f"a standard deviation of {rewards.std(0, ddof=1).mean():.2f} over responses.\n"
    )
    return table, text


def head_variances_by_subset(scores: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return Figure 6: variances over heads on accepted responses and of differences, by subset."""
    everything = rewards_of(scores)
    scores = scores.assign(row=np.arange(len(scores)))
    chosen, rejected = sides(scores)
    middle = centred(everything)
    quantities = {
        ("accepted", "raw"): head_variances(everything[chosen.row]),
        ("accepted", "centred"): head_variances(middle[chosen.row]),
        ("difference", "raw"): head_variances(everything[chosen.row] - everything[rejected.row]),
    }
    parts = [
        pd.DataFrame(
            {"subset": chosen.subset, "quantity": quantity, "centring": how, "variance": values}
        )
        for (quantity, how), values in quantities.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    lines = []
    for (quantity, how), rows in table.groupby(["quantity", "centring"], sort=False):
        middle_values = rows.groupby("subset").variance.agg(["mean", "median", "min", "max"])
        by_subset = "; ".join(
            f"{subset} {row['mean']:.2f} / {row['median']:.2f} ({row['min']:.2f} to "
            f"{row['max']:.2f})"
            for subset, row in middle_values.iterrows()
        )
        lines.append(f"{quantity}, {how}: {by_subset}.")
    text = "Variances over heads, mean / median (range), by set. " + " ".join(lines) + "\n"
    return table, text


def head_accuracies(scores: pd.DataFrame, single: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return Figure 9: accuracy of each head and of the fully tuned model, by subset."""
    rows = []
    for model, table in (("head", scores), ("single", single)):
        chosen, rejected = sides(table)
        tied = pd.Series((rewards_of(chosen) == rewards_of(rejected)).all(1))
        ties = tied.groupby(chosen.subset).mean()  # the fully tuned model's, in the end
        right = rewards_of(chosen) > rewards_of(rejected)
        for subset in chosen.subset.unique():
            inside = chosen.subset.eq(subset).to_numpy()
            values = accuracies(rewards_of(chosen)[inside], rewards_of(rejected)[inside])
            low, high = binomial_interval(right[inside].sum(0), inside.sum())
            for number, value in enumerate(values):
                name = f"head {number + 1}" if model == "head" else "fully tuned model"
                rows.append((subset, name, inside.sum(), value, low[number], high[number]))
    columns = ["subset", "model", "pairs", "accuracy", "ci_low", "ci_high"]
    table = pd.DataFrame(rows, columns=columns)
    lines = []
    for subset, part in table.groupby("subset", sort=False):
        heads = part[part.model.ne("fully tuned model")].accuracy
        alone = part[part.model.eq("fully tuned model")].accuracy.iloc[0]
        lines.append(
            f"{subset}: heads {share(heads.min())} to {share(heads.max())}, fully tuned model "
            f"{share(alone)} of {part.pairs.iloc[0]} pairs "
            f"({share(ties[subset])} of them tied, and so wrong)"
        )
    return table, "; ".join(lines) + ".\n"


@stage
def tabulate_heads(
    ensemble: Input,
    single: Input,
    rewards: Output,
    rewards_findings: Output,
    variances: Output,
    variances_findings: Output,
    accuracies: Output,
    accuracies_findings: Output,
) -> None:
    """Figures 1, 6 and 9, from the benchmark's responses with the rewards of both models."""
    scores, alone = pd.read_parquet(ensemble), pd.read_parquet(single)
    for (table, text), path, findings in (
        (one_pair(scores), rewards, rewards_findings),
        (head_variances_by_subset(scores), variances, variances_findings),
        (head_accuracies(scores, alone), accuracies, accuracies_findings),
    ):
        write_csv(table, path)
        findings.write_text(text)


if __name__ == "__main__":
    main(tabulate_heads)
