"""Theorems 2.1 and 3.1: combined and centred logits against those that were learned directly."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

LABELS = {"combined": "combined logit", "Bradley-Terry": "Bradley-Terry reward"}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per response by panel and series: x, y (learned) and true."""
    series = list(dict.fromkeys(zip(table.panel, table.series, strict=True)))
    columns = 4
    rows = -(-len(series) // columns)
    figure, grid = style.new_figure(columns=columns, rows=rows, height=2.1 * rows, squeeze=False)
    panels = list(grid.flat)
    for panel, (kind, name) in zip(panels, series, strict=False):
        points = table[table.panel.eq(kind) & table.series.eq(name)]
        low, high = np.quantile(points[["x", "y"]], [0.005, 0.995])
        ends = np.array([low, high]) + np.array([-0.05, 0.05]) * (high - low)
        panel.plot(points.x, points.y, ".", ms=1.5, alpha=0.4, color=style.COLOURS["exact"])
        panel.plot(ends, ends, color="black", lw=0.9)
        inside = points[points.x.between(*ends)]
        bins = pd.cut(inside.x, np.linspace(*ends, 9))
        means = inside.groupby(bins, observed=True)[["x", "y"]].mean()
        panel.plot(means.x, means.y, "o-", ms=3.5, lw=1, color=style.COLOURS["printed"])
        panel.set(xlim=ends, ylim=ends, xlabel=LABELS[kind])
        panel.set_title(name.replace(", ", ",\n"), fontsize=8)
    for panel in panels[len(series) :]:
        panel.set_axis_off()
    for row in grid:
        row[0].set_ylabel("learned logit")
    return figure


if __name__ == "__main__":
    render(draw)
