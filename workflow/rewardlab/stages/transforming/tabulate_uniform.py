"""Whether improvement is uniform over prompts: policies on one reward, raw and transformed.

Improvement within a prompt is a policy's win rate against the base model there, which is the mean
percentile of its responses among the base's: raw rewards of two prompts cannot be compared. All at
one divergence. Panels: win rate by the prompt's standing (the base's mean gold reward there, less
that over all prompts; fifths of the prompts), mass left under the base's low percentiles, share of
prompts that are not improved, and how unevenly prompts are.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.evaluation.estimates import Estimate, crossed
from rewardlab.evaluation.sources import BASE, EXACT, TRAINED
from rewardlab.evaluation.standing import GOLD, LOW, MODEL
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import (
    OWN,
    at_divergence,
    improvement_at,
    mean,
    methods_of,
    of_base,
    unevenness,
    unimproved,
)
from rewardlab.policies.names import REFERENCE
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Positive

FIFTHS = 5
STANDING, MASS, UNIMPROVED, UNEVEN = "standing", "mass", "unimproved", "unevenness"


def standing_of_prompts(trained: pd.DataFrame) -> np.ndarray:
    """Return the base's mean gold reward (P,) to each prompt, less that over all prompts."""
    of_base = trained[trained.method.eq(REFERENCE)]
    found = of_base.groupby("prompt_id")[f"reward_{GOLD}"].mean().sort_index().to_numpy()
    return found - found.mean()


def panels(
    table: pd.DataFrame, method: str, by: str, source: str, standing: np.ndarray, kl: float
) -> Iterator[dict[str, object]]:
    """Yield a row for each point of every panel of one method's policies.

    by: the column that tells coefficients apart; kl: the divergence.
    """
    halves = source == TRAINED
    of_method = table[table.method.eq(method)]
    for scorer in (MODEL, GOLD):
        wins = at_divergence(of_method, by, [f"win_{scorer}_all"], kl)[..., 0]
        row = {"source": source, "method": method, "scorer": scorer}
        for prompts in np.array_split(np.argsort(standing, kind="stable"), FIFTHS):
            yield row | told(STANDING, standing[prompts].mean(), mean(wins[:, prompts]))
        below = at_divergence(of_method, by, [f"below_{scorer}_{name}" for name in LOW], kl)
        for number, percent in enumerate(LOW):
            yield row | told(MASS, percent, mean(below[..., number]))
        improved = improvement_at(table, method, by, scorer, kl, halves)
        parts = np.moveaxis(improved, 2, 0) if halves else [improved, improved]
        yield row | told(UNIMPROVED, np.nan, crossed(unimproved, *parts))
        yield row | told(UNEVEN, np.nan, crossed(unevenness, *parts))


def of_the_base(trained: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the base model's own mass under its low percentiles: less, where responses tie."""
    for scorer in (MODEL, GOLD):
        columns = [f"below_{scorer}_{name}" for name in LOW]
        below = of_base(trained, columns)
        row = {"source": BASE, "method": REFERENCE, "scorer": scorer}
        for number, percent in enumerate(LOW):
            yield row | told(MASS, percent, mean(below[..., number]))


def told(panel: str, x: float, estimate: Estimate) -> dict[str, object]:
    return {"panel": panel, "x": x} | dict(
        zip(("value", "low", "high"), estimate.quantity[:3], strict=True)
    )


@stage
def tabulate_uniform(
    policies: Inputs,
    exact: Inputs,
    table: Output,
    findings: Output,
    experiments: list[str],
    at: Positive,
) -> None:
    """How uniform improvement is, by experiment, source and method, at one divergence."""
    rows = []
    for experiment, trained_file, exact_file in zip(experiments, policies, exact, strict=True):
        trained, paths = pd.read_parquet(trained_file), pd.read_parquet(exact_file)
        paths = paths[paths.reference.eq(OWN) & paths.source.eq(EXACT)]
        standing = standing_of_prompts(trained)
        rows += [{"experiment": experiment, **row} for row in of_the_base(trained)]
        for source, found, key in ((TRAINED, trained, "factor"), (EXACT, paths, "point")):
            for method in methods_of(found):
                of_panels = panels(found, method, key, source, standing, at)
                rows += [{"experiment": experiment, **row} for row in of_panels]
    found = pd.DataFrame(rows)
    write_csv(found, table)
    findings.write_text("\n\n".join(in_words(found, at)) + "\n")


def in_words(found: pd.DataFrame, at: float) -> Iterator[str]:
    """Yield for each experiment what is left unimproved, by the reward models."""
    by_model = found[found.scorer.eq(MODEL)]
    for experiment, rows in by_model.groupby("experiment", sort=False):
        said = []
        shown = rows[rows.source.ne(BASE)]
        for (source, method), part in shown.groupby(["source", "method"], sort=False):
            one = part[part.panel.eq(UNIMPROVED)].iloc[0]
            uneven = part[part.panel.eq(UNEVEN)].iloc[0]
            low = part[part.panel.eq(MASS) & part.x.eq(25)].iloc[0]
            said.append(
                f"{source}, {method}: {share(one.value)} [{share(max(one.low, 0.0))}, "
                f"{share(one.high)}] of the prompts are not improved, {share(low.value)} of the "
                "mass lies under the base's 25th percentile, and the deviation of improvement over "
                f"prompts is {uneven.value:.2f} [{uneven.low:.2f}, {uneven.high:.2f}] of its mean"
            )
        yield f"{experiment}, at {at:g} nats, by the reward models: {'; '.join(said)}."


if __name__ == "__main__":
    main(tabulate_uniform)
