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
}
PANELS = {
    "gain of variance-aware over vanilla": ("gain of variance-aware over vanilla", 0.0),
    "variance of vanilla over variance-aware": ("variance, vanilla : variance-aware", 1.0),
}
LIMITS = (1 / 30, 30.0)  # of ratios; what lies beyond is drawn at the edge


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per world and quantity: value with its interval, kind, world_seed."""
    kinds = [kind for kind in NAMES if kind in set(table.kind)]
    figure, panels = style.new_figure(columns=2, height=3.4)
    for panel, (quantity, (label, neutral)) in zip(panels, PANELS.items(), strict=True):
        rows = table[table.quantity.eq(quantity)]
        for position, kind in enumerate(kinds):
            of_kind = rows[rows.kind.eq(kind)].sort_values("world_seed")
            at = position + np.linspace(-0.25, 0.25, len(of_kind))
            values, low, high = of_kind.value, of_kind.ci_low, of_kind.ci_high
            if neutral == 1.0:
                values, low, high = (part.clip(*LIMITS) for part in (values, low, high))
            colour = style.KINDS[position % len(style.KINDS)]
            panel.vlines(at, low, high, color=colour, lw=1.3)
            marker = style.MARKERS[position % len(style.MARKERS)]
            panel.plot(at, values, ls="none", marker=marker, ms=4.5, color=colour)
        panel.axhline(neutral, color="black", lw=0.8)
        panel.set_xticks(range(len(kinds)), [NAMES[kind] for kind in kinds], fontsize=7)
        panel.set_ylabel(label)
        if neutral == 1.0:
            panel.set_yscale("log")
            panel.set_ylim(LIMITS[0] / 1.2, LIMITS[1] * 1.2)
            panel.set_yticks([0.1, 0.3, 1, 3, 10])
            panel.yaxis.set_major_formatter(ScalarFormatter())
            panel.yaxis.set_minor_formatter(NullFormatter())
    return figure


if __name__ == "__main__":
    render(draw)
