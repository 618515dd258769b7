"""How much hangs on what the LSC-transformation refers to: fixed points with other references.

Against many heads, at one divergence. Without any reference it is the log-sigmoid of the reward as
it is, whose offset a Bradley-Terry model does not identify.
"""

from collections.abc import Iterator

import pandas as pd

from rewardlab.evaluation.estimates import crossed
from rewardlab.evaluation.sources import EXACT
from rewardlab.evaluation.standing import GOLD, MODEL
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import (
    OWN,
    at_divergence,
    improvement_at,
    mean,
    unevenness,
    unimproved,
)
from rewardlab.policies.names import LSC, RAW, REFERENCE
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Positive


@stage
def tabulate_reference(
    exact: Inputs,
    table: Output,
    findings: Output,
    experiments: dict[str, list[str]],
    at: Positive,
) -> None:
    """Win rates and how uniform they are, by experiment and reference, and with raw rewards.

    experiments: their own references by name, which stand there where they differ by property.
    """
    rows = []
    for (experiment, own), file in zip(experiments.items(), exact, strict=True):
        paths = pd.read_parquet(file)
        paths = paths[paths.source.eq(EXACT)]
        base = paths[paths.method.eq(REFERENCE)]
        compared = paths[paths.method.isin([LSC, RAW])]
        for (method, reference), rows_of in compared.groupby(["method", "reference"], sort=False):
            mixed = len(set(own)) > 1
            if method == LSC and reference == OWN and not mixed:
                continue
            name = ", ".join(own) if reference == OWN else reference
            for scorer in (MODEL, GOLD):
                part = pd.concat([base, rows_of])
                wins = at_divergence(rows_of, "point", [f"win_{scorer}_all"], at)[..., 0]
                improved = improvement_at(part, method, "point", scorer, at)
                found = {
                    "win": mean(wins),
                    "unimproved": crossed(unimproved, improved, improved),
                    "unevenness": crossed(unevenness, improved, improved),
                }
                place = {
                    "experiment": experiment,
                    "reference": RAW if method == RAW else name,
                    "scorer": scorer,
                }
                rows += [
                    place | {"quantity": name, "value": q.value, "low": q.low, "high": q.high}
                    for name, q in ((name, part.quantity) for name, part in found.items())
                ]
    found = pd.DataFrame(rows)
    write_csv(found, table)
    findings.write_text("\n\n".join(in_words(found, at)) + "\n")


def in_words(found: pd.DataFrame, at: float) -> Iterator[str]:
    """Yield for each experiment what each reference wins."""
    for experiment, rows in found.groupby("experiment", sort=False):
        wins = rows[rows.quantity.eq("win")].pivot(
            index="reference", columns="scorer", values="value"
        )
        said = [
            f"{name} {share(wins[MODEL][name])} ({share(wins[GOLD][name])} by gold)"
            for name in rows.reference.unique()
        ]
        yield f"{experiment}, fixed points at {at:g} nats win: {'; '.join(said)}."


if __name__ == "__main__":
    main(tabulate_reference)
