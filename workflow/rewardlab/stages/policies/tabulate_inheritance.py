"""Does PPO inherit the exact result: tables of `predict_policies`, of one experiment or more.

The column `experiment` says how PPO was varied. Rows of the panel `paired` set each variation
against the first experiment, on the heads that both have: differences of slopes and of mean
divergences, whose units are ensembles.
"""

from collections.abc import Iterator

import pandas as pd

from rewardlab.evaluation.estimates import over_units
from rewardlab.evaluation.fixed_points import slope_without_noise
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Inputs, Output, main, stage


@stage
def tabulate_inheritance(
    table: Output, findings: Output, experiments: list[str], predicted: Inputs = ()
) -> None:
    """Policies beside their fixed points; experiments: names in the order of the tables."""
    if not experiments:
        raise UserError("there are no experiments in which PPO is varied (extended.inheritance).")
    parts = [
        read_csv(path).assign(experiment=name)
        for name, path in zip(experiments, predicted, strict=True)
    ]
    together = pd.concat(parts, ignore_index=True)
    base = together[together.experiment.eq(experiments[0])]
    paired = [
        row
        for name in experiments[1:]
        for row in paired_rows(base, together[together.experiment.eq(name)], name)
    ]
    together = pd.concat([together, pd.DataFrame(paired)], ignore_index=True)
    write_csv(together, table)
    lines = []
    for name, rows in together.groupby("experiment", sort=False):
        title = f"**{name}**: " if len(experiments) > 1 else ""
        lines += [title + line for line in in_words(rows)]
    findings.write_text("\n\n".join(lines) + "\n")


def paired_rows(base: pd.DataFrame, varied: pd.DataFrame, name: str) -> Iterator[dict]:
    """Yield what a variation changes on the policies' heads that the first experiment has too."""
    keys = ["method", "ensemble", "head"]
    policies = (rows[rows.panel.eq("policy")].set_index(keys) for rows in (base, varied))
    both = pd.concat(dict(zip(("base", "varied"), policies, strict=True)), axis=1, join="inner")
    for method, rows in both.groupby(level="method", sort=False):
        ensembles = rows.index.get_level_values("ensemble")
        for quantity, of in {"slope": _slope, "KL": _divergence}.items():
            estimate = over_units(lambda kept, of=of, rows=rows: of(rows.iloc[kept]), ensembles)
            found = estimate.quantity
            yield {
                "panel": "paired",
                "experiment": name,
                "method": f"{method}, {quantity}",
                "value": found.value,
                "ci_low": found.low,
                "ci_high": found.high,
            }


def _slope(rows: pd.DataFrame) -> float:
    """Return how much steeper judged gains rise with exact ones than in the first experiment."""
    first, second = (
        slope_without_noise(
            part.judged.to_numpy(float), part[["exact_0", "exact_1"]].to_numpy(float)
        )
        for part in (rows["base"], rows["varied"])
    )
    return second - first


def _divergence(rows: pd.DataFrame) -> float:
    """Return how much further from the base model policies are than in the first experiment."""
    return float((rows["varied"].kl - rows["base"].kl).mean())


def in_words(table: pd.DataFrame) -> Iterator[str]:
    """Yield the slopes, the divergences and the ratios of an experiment as sentences."""
    policies = table[table.panel.eq("policy")]
    for row in table[table.panel.eq("slope")].itertuples():
        mine = policies[policies.method.eq(row.method)]
        yield (
            f"{row.method}: slope of judged on exact gains {row.value:.2f} [{row.ci_low:.2f}, "
            f"{row.ci_high:.2f}]; mean divergence {mine.kl.mean():.2f} of PPO's policies, "
            f"{mine.exact_kl.mean():.2f} of the fixed points at the same coefficient; mean gain "
            f"{mine.judged.mean():.3f}, exact at the same divergence {mine.exact.mean():.3f}."
        )
    ratios = [
        f"{row.method} {row.value:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]"
        for row in table[table.panel.eq("ratio")].itertuples()
    ]
    yield f"Variance of vanilla over variance-aware policies: {'; '.join(ratios)}."
    changes = [
        f"{row.method} {row.value:+.2f} [{row.ci_low:+.2f}, {row.ci_high:+.2f}]"
        for row in table[table.panel.eq("paired")].itertuples()
    ]
    if changes:
        yield f"Against the first, on the heads that both have: {'; '.join(changes)}."


if __name__ == "__main__":
    main(tabulate_inheritance)
