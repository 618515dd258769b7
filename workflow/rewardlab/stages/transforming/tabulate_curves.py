"""Win rates of policies on transformed rewards against their divergence, and of best-of-k beside.

Of experiments with one reward or with several. Win rates against the base model's samples of the
same prompt, ties half: by the reward models that a policy was trained on, and by the gold rewards;
on each property, and on all at once. Beside PPO's policies stand the fixed points of many heads,
and best-of-k by the same heads, at an upper bound of its divergence.
"""

from collections.abc import Iterator

import pandas as pd

from rewardlab.evaluation.sources import BEST, EXACT, TRAINED
from rewardlab.evaluation.standing import GOLD, MODEL
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import (
    OWN,
    at_divergence,
    curve,
    lost,
    mean,
    methods_of,
)
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Positive


def curves(
    table: pd.DataFrame, by: str, source: str, experiment: str, names: list[str]
) -> Iterator[pd.DataFrame]:
    """Yield the curve of each method, scorer and property of one experiment."""
    for method in methods_of(table):
        rows = table[table.method.eq(method)]
        for scorer in (MODEL, GOLD):
            for name in names:
                found = curve(rows, by, f"win_{scorer}_{name}")
                place = {"experiment": experiment, "source": source, "method": method}
                yield found.assign(**place, scorer=scorer, property=name)


@stage
def tabulate_curves(
    policies: Inputs,
    exact: Inputs,
    table: Output,
    findings: Output,
    experiments: list[tuple[str, list[str]]],
    at: Positive,
) -> None:
    """Win rates by experiment, method, scorer and property against the divergence.

    experiments: what each is shown as, and its properties, in the order of the files. One that is
    shown as another adds its policies; the other has its fixed points.
    """
    parts, sentences = [], []
    shown: set[str] = set()
    files = zip(experiments, policies, exact, strict=True)
    for (experiment, properties), trained_file, exact_file in files:
        names = ["all", *properties] if len(properties) > 1 else ["all"]
        trained, paths = pd.read_parquet(trained_file), pd.read_parquet(exact_file)
        paths = paths[paths.reference.eq(OWN)]
        is_first = experiment not in shown
        shown.add(experiment)
        parts += curves(trained, "factor", TRAINED, experiment, names)
        for source in (EXACT, BEST) if is_first else ():
            parts += curves(paths[paths.source.eq(source)], "point", source, experiment, names)
        sentences += in_words(trained, experiment, properties, at)
    write_csv(pd.concat(parts, ignore_index=True), table)
    findings.write_text("\n\n".join(sentences) + "\n")


def in_words(
    trained: pd.DataFrame, experiment: str, properties: list[str], at: float
) -> Iterator[str]:
    """Yield what PPO's policies win at the divergence that methods are compared at."""
    columns = [f"win_{scorer}_all" for scorer in (MODEL, GOLD)]
    said = []
    for method in methods_of(trained):
        values = at_divergence(trained[trained.method.eq(method)], "factor", columns, at)
        found = [mean(values[..., column]).quantity for column in range(len(columns))]
        rates = [f"{share(q.value)} [{share(q.low)}, {share(q.high)}]" for q in found]
        said.append(f"{method} {rates[0]} by the reward models and {rates[1]} by gold")
    on = " and ".join(properties)
    draws = trained.ensemble.nunique()
    at_once = ", all at once" if len(properties) > 1 else ""
    yield (
        f"{experiment} ({on}{at_once}): at a divergence of {at:g} nats, interpolated, PPO's "
        f"policies win: {'; '.join(said)} ({draws} policies of each method at each coefficient, "
        "95 % intervals over policies and prompts)."
    )
    if gone := lost(trained):
        yield f"Left out, since a policy did not end well: {', '.join(gone)}."


if __name__ == "__main__":
    main(tabulate_curves)
