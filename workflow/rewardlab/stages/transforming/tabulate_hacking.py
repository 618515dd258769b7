"""Whether policies on transformed rewards exploit their reward models less.

Gold reward, raw proxy reward (the sum of what the reward models give, for every method), and shares
of responses with words that can be exploited, against the divergence, less what the base model has.
"""

from collections.abc import Iterator

import pandas as pd

from rewardlab.evaluation.sources import EXACT, TRAINED
from rewardlab.evaluation.standing import GOLD, MODEL
from rewardlab.evaluation.tables import write_csv
from rewardlab.evaluation.transformed import (
    OWN,
    methods_of,
    over_base,
    points_of,
)
from rewardlab.running.stage import Inputs, Output, main, stage

QUANTITIES = {f"reward_{GOLD}": "gold", f"reward_{MODEL}": "proxy"} | {
    name: name for name in ("dialect", "flattery", "refusal")
}


@stage
def tabulate_hacking(
    policies: Inputs, exact: Inputs, table: Output, findings: Output, experiments: list[str]
) -> None:
    """Gold, proxy and what is exploited, by experiment, source and method, over the divergence."""
    parts, sentences = [], []
    for experiment, trained_file, exact_file in zip(experiments, policies, exact, strict=True):
        trained, paths = pd.read_parquet(trained_file), pd.read_parquet(exact_file)
        paths = paths[paths.reference.eq(OWN) & paths.source.eq(EXACT)]
        for source, found, key in ((TRAINED, trained, "factor"), (EXACT, paths, "point")):
            for method in methods_of(found):
                for column, quantity in QUANTITIES.items():
                    rows = points_of(over_base(found, method, key, column))
                    place = {"experiment": experiment, "source": source, "method": method}
                    parts.append(rows.assign(**place, quantity=quantity))
        sentences += in_words(pd.concat(parts), experiment)
    write_csv(pd.concat(parts, ignore_index=True), table)
    findings.write_text("\n\n".join(sentences) + "\n")


def in_words(rows: pd.DataFrame, experiment: str) -> Iterator[str]:
    """Yield each method's gold, proxy and dialect along PPO's coefficients."""
    of_ppo = rows[rows.experiment.eq(experiment) & rows.source.eq(TRAINED)]
    for method, part in of_ppo.groupby("method", sort=False):
        wide = part.pivot(index="kl", columns="quantity", values="value").sort_index()
        points = "; ".join(
            f"KL {kl:.2f}: gold {row.gold:+.2f}, proxy {row.proxy:+.2f}, dialect {row.dialect:+.2f}"
            for kl, row in wide.iterrows()
        )
        yield f"{experiment}, {method}, over the base model: {points}."


if __name__ == "__main__":
    main(tabulate_hacking)
