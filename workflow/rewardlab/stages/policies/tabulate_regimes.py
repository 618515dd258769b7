"""The table of the regimes: bandits, and the embedded world's exact fixed points.

A row of the embedded world: kind and number of the heads' pairs, their noise over signal, the
weighting (exponent, where sigma is from), the gold reward, the divergence, and which divergence
that is: of all policies on average, with one coefficient, or of each, with one of its own.
`ratio` is vanilla's variance over the weighted policies'; above 1 the weighting pays.
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.fixed_points import (
    Comparison,
    at_mean_divergence,
    at_own_divergence,
    compared,
    laid_out,
)
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.names import VANILLA
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.types import Positive

MATCHES = {"mean": at_mean_divergence, "each": at_own_divergence}
SHOWN = 1.0  # the exponent of section 5


def rows_of(paths: pd.DataFrame, divergences: list[float]) -> list[dict]:
    """Return a row for each weighting, gold reward, divergence and way of matching it.

    Where a path does not reach the divergence there is none.
    """
    golds = [name.removesuffix("_0") for name in paths if name.endswith("_0")]
    columns = ["effective", *(f"{gold}_{half}" for gold in golds for half in (0, 1))]
    ordered = paths.sort_values(["ensemble", "head", "beta"], kind="stable")
    rows = []
    for match, at in MATCHES.items():
        found = {
            key: at(laid_out(part, columns), laid_out(part, ["kl"])[..., 0], divergences)
            for key, part in ordered.groupby(["sigma", "exponent"], sort=False)
        }
        vanilla = found.pop((VANILLA, 0.0))
        for (sigma, exponent), weighted in found.items():
            for number, gold in enumerate(golds):
                halves = slice(1 + 2 * number, 3 + 2 * number)
                for divergence, base, part in zip(divergences, vanilla, weighted, strict=True):
                    if np.isnan(base).any() or np.isnan(part).any():
                        continue
                    rows.append(
                        {
                            "gold": gold,
                            "divergence": divergence,
                            "match": match,
                            "sigma": sigma,
                            "exponent": exponent,
                            "effective": part[..., 0].mean(),
                            **flat(compared(base[..., halves], part[..., halves])),
                        }
                    )
    return rows


def flat(found: Comparison) -> dict[str, float]:
    """Return a comparison as columns."""
    return {
        "variance_vanilla": found.vanilla,
        "variance": found.weighted,
        "ratio": found.ratio.value,
        "ci_low": found.ratio.low,
        "ci_high": found.ratio.high,
        "gain": found.gain.value,
        "gain_low": found.gain.low,
        "gain_high": found.gain.high,
    }


def in_words(table: pd.DataFrame) -> str:
    """Return what was found: bandits by source of sigma, and each kind of heads."""
    lines = []
    bandit = table[table.panel.eq("bandit") & table.exponent.eq(SHOWN)]
    bandit = bandit[bandit.divergence.eq(bandit.divergence.max())]
    for heads, rows in bandit.groupby("heads", sort=False):
        source = f"sigma of {heads:g} heads" if heads else "sigma known"
        least, most = rows.loc[rows.ratio.idxmin()], rows.loc[rows.ratio.idxmax()]
        lines.append(
            f"Bandits, {source}: the ratio of variances goes from {least.ratio:.2f} "
            f"[{least.ci_low:.2f}, {least.ci_high:.2f}] (noise {least.noise:g}, coefficient of "
            f"variation {least.heterogeneity:g}) to {most.ratio:.2f} [{most.ci_low:.2f}, "
            f"{most.ci_high:.2f}] ({most.noise:g}, {most.heterogeneity:g})."
        )
    world = table[table.panel.eq("world") & table.exponent.eq(SHOWN) & table["match"].eq("mean")]
    for (name, sigma, gold), rows in world.groupby(["name", "sigma", "gold"], sort=False):
        first = rows.iloc[0]
        by_kl = "; ".join(
            f"{row.divergence:g} nats: {row.ratio:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}], "
            f"gain {row.gain:+.3f}, vanilla's variance {row.variance_vanilla:.4f}"
            for row in rows.itertuples()
        )
        lines.append(
            f"{name} ({first['kind']} heads, {first.pairs:g} pairs, noise over signal "
            f"{first.noise / first.signal:.2f}), sigma of {sigma}, dialect {gold}: {by_kl}."
        )
    return "\n\n".join(lines) + "\n"


@stage
def tabulate_regimes(
    bandit: Input,
    paths: Inputs,
    heads: Inputs,
    table: Output,
    findings: Output,
    names: list[str],
    divergences: list[Positive],
) -> None:
    """When a variance-weighted penalty pays; names: of paths and heads, in their order."""
    parts = [read_csv(bandit).assign(panel="bandit")]
    for name, path, about in zip(names, paths, heads, strict=True):
        found = pd.DataFrame(rows_of(pd.read_parquet(path), divergences))
        described = read_csv(about).iloc[0].to_dict()
        parts.append(found.assign(panel="world", name=name, **described))
    together = pd.concat(parts, ignore_index=True)
    write_csv(together, table)
    findings.write_text(in_words(together))


if __name__ == "__main__":
    main(tabulate_regimes)
