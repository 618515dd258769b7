"""What the variance of reward models comes from: shares of it, with intervals over groups."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import jackknife
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Inputs, Output, main, stage

TRUNK, INTERACTIONS, TOTAL = "trunk", "interactions", "all"
WHOLE = "whole models"
# What a factor belongs to, and what is called so that would vanish were it the same for all.
DATA, OPTIMISATION = "vanishes with the same data", "vanishes with the same optimisation"
BELONGS = {DATA: ("resampled data",), OPTIMISATION: ("initial head", "order of data")}


def between_groups(means: np.ndarray, within: np.ndarray) -> float:
    """Return the variance that groups add, over means (G, n) of their members.

    within: (G,), the variance that a group's mean has from its members' own levels.
    """
    return float(means.var(0, ddof=1).mean() - within.mean())


def variances_of(components: pd.DataFrame, means: np.ndarray | None) -> dict[str, float]:
    """Return the variances of one kind of models by what they come from, over some groups.

    components: rows of the groups; means: (G, n), None if no trunk is told apart.
    """
    by_name = components.groupby("component", sort=False).variance.mean()
    single = [name for name in by_name.index if " x " not in name]
    found = {name: float(by_name[name]) for name in single}
    found[INTERACTIONS] = float(by_name.sum() - by_name[single].sum())
    for total, factors in BELONGS.items():
        parts = [name for name in by_name.index if set(name.split(" x ")) & set(factors)]
        found[total] = float(by_name[parts].sum())
    if means is not None:
        own = components.assign(part=components.variance / components.members)
        found[TRUNK] = between_groups(means, own.groupby("group").part.sum().to_numpy())
    found[TOTAL] = float(by_name.sum()) + found.get(TRUNK, 0.0)
    return found


def split(components: pd.DataFrame, means: pd.DataFrame) -> Iterator[dict]:
    """Yield a row for each kind, number of pairs and cause: variance and share, with intervals."""
    for (kind, pairs), rows in components.groupby(["kind", "pairs"], sort=False):
        mine = means[means.kind.eq(kind) & means.pairs.eq(pairs)]
        table = mine.groupby("group")["mean"].apply(np.array)
        groups = list(table.index)

        def of(kept: list[int], rows=rows, table=table, kind=kind) -> dict[str, float]:
            stacked = None if kind == WHOLE else np.stack(table[kept].to_list())
            return variances_of(rows[rows.group.isin(kept)], stacked)

        whole = of(groups)
        # Of two groups one is left, between which no trunk can be told apart.
        several = len(groups) > 2
        without = [of([group for group in groups if group != left]) for left in groups if several]
        for name, value in whole.items():
            variance = jackknife(value, np.array([part[name] for part in without])).quantity
            shares = np.array([part[name] / part[TOTAL] for part in without])
            share = jackknife(value / whole[TOTAL], shares).quantity
            yield {
                "kind": kind,
                "pairs": pairs,
                "cause": name,
                **_ends("variance", variance),
                **_ends("share", share),
            }


def _ends(name: str, found: Quantity) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def finding_of(table: pd.DataFrame) -> Finding:
    """Return U20: what would vanish with the same data, or optimisation, of whole models."""
    rows = table[table.kind.eq(WHOLE)].set_index("cause")
    shares = {
        name: Quantity(*rows.loc[name, ["share", "share_low", "share_high"]].astype(float))
        for name in BELONGS
    }
    smallest = min(shares, key=lambda name: shares[name].value)
    parts = ", ".join(
        f"{row.Index} {row.share:.0%}" for row in rows.itertuples() if row.Index != TOTAL
    )
    evidence = (
        f"of the variance between whole models on one base model: {parts}; value: the smaller"
    )
    return Finding("U20", {"share": shares}, ("share", smallest), evidence)


def in_words(table: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each kind and number of pairs."""
    for (kind, pairs), rows in table.groupby(["kind", "pairs"], sort=False):
        total = rows[rows.cause.eq(TOTAL)].iloc[0]
        parts = "; ".join(
            f"{row.cause} {row.share:.0%} [{row.share_low:.0%}, {row.share_high:.0%}]"
            for row in rows[rows.cause.ne(TOTAL)].itertuples()
        )
        yield f"{kind}, {pairs} pairs: variance {total.variance:.3g}; {parts}."


@stage
def tabulate_causes(
    components: Inputs, means: Inputs, table: Output, findings: Output, claims: Output
) -> None:
    """Shares of variance by cause, and claim U20; components, means: of every group."""
    found = pd.concat([read_csv(path).assign(group=n) for n, path in enumerate(components)])
    averages = pd.concat([pd.read_parquet(path).assign(group=n) for n, path in enumerate(means)])
    shares = pd.DataFrame(split(found, averages))
    write_csv(shares, table)
    findings.write_text("\n\n".join(in_words(shares)) + "\n")
    write_findings([finding_of(shares)], claims)


if __name__ == "__main__":
    main(tabulate_causes)
