"""Win rates of policies on transformed rewards by a judge in words, beside gold on the same pairs.

Columns of the table as of `transforming.tabulate_curves`, with the scorers judge and gold.
"""

import pandas as pd

from rewardlab.evaluation.judged import ALL, GOLD, JUDGE, agreements, read_judged
from rewardlab.evaluation.sources import TRAINED
from rewardlab.evaluation.tables import write_csv
from rewardlab.evaluation.transformed import at_divergence, curve, mean, methods_of
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Positive
from rewardlab.settings.world import WorldSettings

NAMES = {JUDGE: "the judge", GOLD: "gold"}


@stage
def tabulate_answers(
    judged: Inputs,
    table: Output,
    findings: Output,
    experiment: str,
    properties: list[str],
    at: Positive,
    world: WorldSettings | None,
) -> None:
    """Win rates by method and divergence; judged: a table of verdicts for each property."""
    pairs = read_judged(judged, properties, world)
    names = [ALL, *properties]
    scorers = [JUDGE] if world is None else [JUDGE, GOLD]
    parts, said = [], []
    missing = int(pairs[f"win_{JUDGE}_{ALL}"].isna().sum())
    total = len(pairs)
    without = pairs.prompt_id[pairs[f"win_{JUDGE}_{ALL}"].isna()].unique()
    kept = pairs[~pairs.prompt_id.isin(without)]  # for all policies, so that they stay paired
    if len(kept):
        pairs = kept
    elif world is not None:
        scorers = [GOLD]  # the judge says nothing
    else:
        raise UserError(
            f"the judge gave no verdict on some pair of every prompt ({missing} of {total} pairs); "
            "expected verdicts as judging.template asks for."
        )
    for method in methods_of(pairs):
        rows = pairs[pairs.method.eq(method)]
        for scorer in scorers:
            for name in names:
                found = curve(rows, "factor", f"win_{scorer}_{name}")
                place = {"experiment": experiment, "source": TRAINED, "method": method}
                parts.append(found.assign(**place, scorer=scorer, property=name))
        columns = [f"win_{scorer}_{ALL}" for scorer in scorers]
        values = at_divergence(rows, "factor", columns, at)
        rates = [
            f"{100 * mean(values[..., place]).value:.1f} % by {NAMES[scorer]}"
            for place, scorer in enumerate(scorers)
        ]
        said.append(f"{method} {' and '.join(rates)}")
    write_csv(pd.concat(parts, ignore_index=True), table)
    findings.write_text(
        f"At {at:g} nats, interpolated, policies win on all properties at once against the base "
        f"model: {'; '.join(said)} (one drawn pair a prompt, each in both orders)."
        f"{agreements(pairs, properties, world)} {missing} of {total} pairs have no verdict; their "
        f"{len(without)} prompts are left out for all policies.\n"
    )


if __name__ == "__main__":
    main(tabulate_answers)
