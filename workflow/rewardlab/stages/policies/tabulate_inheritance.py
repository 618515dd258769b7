"""Does PPO inherit the exact result: tables of `predict_policies`, of one experiment or more.

The column `experiment` says how PPO was varied.
"""

from collections.abc import Iterator

import pandas as pd

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
    write_csv(together, table)
    lines = []
    for name, rows in together.groupby("experiment", sort=False):
        title = f"**{name}**: " if len(experiments) > 1 else ""
        lines += [title + line for line in in_words(rows)]
    findings.write_text("\n\n".join(lines) + "\n")


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


if __name__ == "__main__":
    main(tabulate_inheritance)
