"""Figure 12's contrast in many worlds: gain and variance ratio, by kind of dialect."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render

NAMES = {
    "worse": "dialect worse,\nnot covered",
    "equal": "dialect equal,\nnot covered",
    "better": "dialect better,\nnot covered",
    "covered": "dialect equal,\ncovered",
    "this world (exploratory)": "this world,\nexploratory",
    "confirmation": "new worlds,\nand their mean",
    "paper-heads": "heads of the\nkind paper",
}
PANELS = {
    "gain of vanilla over variance-aware": ("gain of vanilla over variance-aware", 0.0),
    "variance of vanilla over variance-aware": ("variance, vanilla : variance-aware", 1.0),
}
TICKS = (0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
LIMITS = (1 / 30, 30.0)  # of ratios; what lies beyond is drawn at the edge


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per world and quantity: value with its interval, kind; `pooled` over a kind."""
    kinds = list(dict.fromkeys(table.kind))
    figure, panels = style.new_figure(columns=2, height=3.4)
    for panel, (quantity, (label, neutral)) in zip(panels, PANELS.items(), strict=True):
        rows = table[table.quantity.eq(quantity)]
        for position, kind in enumerate(kinds):
            of_kind = rows[rows.kind.eq(kind)]
            # Each world, and to the right of them their mean.
            place = np.linspace(-0.3, 0.3, len(of_kind)) if len(of_kind) > 1 else [0.0]
            colour = style.KINDS[position % len(style.KINDS)]
            marker = style.MARKERS[position % len(style.MARKERS)]
            for at, row in zip(place, of_kind.itertuples(), strict=True):
                is_pooled = row.world == "pooled"
                ends = row.value, row.ci_low, row.ci_high
                if neutral == 1.0:
                    ends = np.clip(ends, *LIMITS)
                panel.vlines(position + at, *ends[1:], color=colour, lw=2.6 if is_pooled else 1.3)
                options = {"ms": 8.5, "mec": "black"} if is_pooled else {"ms": 4.5}
                panel.plot(position + at, ends[0], marker, color=colour, **options)
        panel.axhline(neutral, color="black", lw=0.8)
        panel.set_xticks(range(len(kinds)), [NAMES.get(kind, kind) for kind in kinds], fontsize=7)
        panel.set_xlim(-0.6, len(kinds) - 0.4)
        panel.set_ylabel(label)
        if neutral == 1.0:
            panel.set_yscale("log")
            ends = rows[["value", "ci_low", "ci_high"]].clip(*LIMITS)
            low = 0.8 * np.nanmin([ends.min().min(), 0.7])
            high = 1.25 * np.nanmax([ends.max().max(), 1.4])
            panel.set_ylim(low, high)
            panel.set_yticks([tick for tick in TICKS if low <= tick <= high])
            panel.yaxis.set_major_formatter(ScalarFormatter())
            panel.yaxis.set_minor_formatter(NullFormatter())
    return figure


if __name__ == "__main__":
    render(draw)
