"""Spreads of both methods' returns by constraint, where variances differ much and little."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

METHODS = ("variance-unaware", "variance-aware")
CONSTRAINTS = {
    "ball": "Euclidean\n(Figures 3, 4)",
    "fisher": "Fisher metric,\nuneven reference",
    "none": "none: one\ngradient step",
}
TITLES = {"high_variability": "variances differ much", "low_variability": "variances are alike"}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per variability, constraint, method and source: mean, deviation."""
    figure, panels = style.new_figure(columns=2, height=3.0, sharey=True)
    for panel, (variability, title) in zip(panels, TITLES.items(), strict=True):
        rows = table[table.variability.eq(variability)]
        for number, method in enumerate(METHODS):
            mine = rows[rows.method.eq(method)]
            by_source = mine.pivot(index="constraint", columns="source", values="deviation")
            by_source = by_source.loc[list(CONSTRAINTS)]
            at = np.arange(len(CONSTRAINTS)) + 0.36 * (number - 0.5)
            colour = style.COLOURS[method]
            panel.bar(at, by_source["drawn"], 0.32, color=colour, alpha=0.55, label=method)
            panel.hlines(by_source["closed form"], at - 0.16, at + 0.16, color="black", lw=1.2)
            for x, y in zip(at, by_source["drawn"], strict=True):
                panel.annotate(f"{y:.3f}", (x, y), (0, 3), textcoords="offset points",
                               ha="center", fontsize=7)  # fmt: skip
        panel.set_title(title)
        panel.set_xticks(range(len(CONSTRAINTS)), CONSTRAINTS.values())
    panels[0].set_ylabel("standard deviation of the return")
    panels[0].set_ylim(0, 1.12 * table.deviation.max())
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    render(draw)
