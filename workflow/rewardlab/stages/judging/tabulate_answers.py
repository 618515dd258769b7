"""Win rates of policies on transformed rewards by a judge in words, beside gold on the same pairs.

Columns of the table as of `transforming.tabulate_curves`, with the scorers judge and gold.
"""

import pandas as pd

from rewardlab.evaluation.judged import ALL, GOLD, JUDGE, agreement, read_judged
from rewardlab.evaluation.sources import TRAINED
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import at_divergence, curve, mean, methods_of
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Positive
from rewardlab.settings.world import WorldSettings


@stage
def tabulate_answers(
    judged: Inputs,
    table: Output,
    findings: Output,
    experiment: str,
    properties: list[str],
    at: Positive,
    world: WorldSettings,
) -> None:
    """Win rates by method and divergence; judged: a table of verdicts for each property."""
    pairs = read_judged(judged, properties, world)
    names = [ALL, *properties]
    parts, said = [], []
    missing = int(pairs[f"win_{JUDGE}_{ALL}"].isna().sum())
    if missing:  # a pair without a verdict says nothing for or against
        columns = [f"win_{JUDGE}_{name}" for name in names]
        pairs[columns] = pairs[columns].fillna(pairs[columns].mean())
    for method in methods_of(pairs):
        rows = pairs[pairs.method.eq(method)]
        for scorer in (JUDGE, GOLD):
            for name in names:
                found = curve(rows, "factor", f"win_{scorer}_{name}")
                place = {"experiment": experiment, "source": TRAINED, "method": method}
                parts.append(found.assign(**place, scorer=scorer, property=name))
        columns = [f"win_{scorer}_{ALL}" for scorer in (JUDGE, GOLD)]
        values = at_divergence(rows, "factor", columns, at)
        rates = [f"{100 * mean(values[..., column]):.1f}" for column in range(2)]
        said.append(f"{method} {rates[0]} % by the judge and {rates[1]} % by gold")
    write_csv(pd.concat(parts, ignore_index=True), table)
    agreed = ", ".join(f"{name} {share(agreement(pairs, name))}" for name in properties)
    findings.write_text(
        f"At {at:g} nats, interpolated, policies win on all properties at once against the base "
        f"model: {'; '.join(said)} (one drawn pair a prompt, each in both orders). Where neither "
        f"ties, the judge agrees with gold on {agreed} of the pairs; {missing} of {len(pairs)} "
        "pairs have no verdict.\n"
    )


if __name__ == "__main__":
    main(tabulate_answers)
