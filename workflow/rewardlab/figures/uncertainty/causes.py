"""What the variance of reward models comes from: shares by kind, and totals by number of pairs."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

CAUSES = {
    "trunk": style.COLOURS["reference"],
    "resampled data": style.KINDS[0],
    "order of data": style.KINDS[1],
    "initial head": style.KINDS[2],
    "interactions": style.KINDS[3],
}
KINDS = {
    "whole models": "whole models",
    "paper heads": "heads, paper",
    "bootstrap heads": "heads, converged",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per kind, pairs and cause: variance and share with intervals."""
    figure, (left, right) = style.new_figure(
        columns=2, height=3.6, gridspec_kw={"width_ratios": (2.2, 1)}
    )
    groups = list(table.groupby(["kind", "pairs"], sort=False).groups)
    for place, (kind, pairs) in enumerate(groups):
        rows = table[table.kind.eq(kind) & table.pairs.eq(pairs)].set_index("cause")
        causes = [name for name in CAUSES if name in rows.index]
        for number, name in enumerate(causes):
            at = place + 0.15 * (number - (len(causes) - 1) / 2)
            row = rows.loc[name]
            left.barh(at, row.share, 0.14, color=CAUSES[name])
            left.hlines(at, row.share_low, row.share_high, color="black", lw=0.9)
    left.set_yticks(
        range(len(groups)),
        [f"{KINDS.get(kind, kind)},\n{pairs} pairs" for kind, pairs in groups],
        fontsize=7,
    )
    left.set_ylim(len(groups) - 0.5, -0.5)
    left.axvline(0, color="black", lw=0.8)
    drawn = table[table.cause.isin(CAUSES)]
    left.set_xlim(
        min(-0.05, drawn.share_low.min(), drawn.share.min()),
        max(1.0, drawn.share_high.max(), drawn.share.max()),
    )
    left.set_xlabel("share of the variance")
    left.xaxis.set_major_formatter(style.percent)
    handles = [left.barh(np.nan, np.nan, color=colour) for colour in CAUSES.values()]
    totals = table[table.cause.eq("all")]
    for number, (kind, rows) in enumerate(totals.groupby("kind", sort=False)):
        ordered = rows.sort_values("pairs")
        error = [ordered.variance - ordered.variance_low, ordered.variance_high - ordered.variance]
        right.errorbar(
            ordered.pairs, ordered.variance, yerr=error, marker=style.MARKERS[number], ms=5,
            color=style.OTHER_COLOURS[number + 1], capsize=2, label=KINDS.get(kind, kind),
        )  # fmt: skip
    right.set(
        xscale="log", yscale="log", xlabel="preference pairs", ylabel="variance between models"
    )
    ticks = sorted(set(totals.pairs))
    right.set_xticks(ticks, [f"{tick:g}" for tick in ticks], rotation=45)
    right.minorticks_off()
    right.legend()
    figure.legend(handles, list(CAUSES), loc="outside lower center", ncols=5)
    return figure


if __name__ == "__main__":
    render(draw)
