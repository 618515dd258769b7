"""Reward models by loss: accuracy, cross-entropy and calibration on held-out responses."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

LABELS = {
    "bradley_terry": "pairs",
    "margin": "pairs with margin",
    "balanced": "rankings, all pairs",
    "plackett_luce": "rankings, K-wise",
}
BUDGETS = {  # label, colour, marker
    "responses": ("as many responses", style.KINDS[0], "o"),
    "comparisons": ("as many comparisons", style.KINDS[1], "s"),
    "rankings": ("the rankings themselves", style.KINDS[2], "^"),
}
TITLES = {
    "accuracy": "a. accuracy",
    "loss_nats": "b. cross-entropy, nats",
    "slope": "c. calibration slope",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: accuracy, loss_nats and slope of every trial, by loss and budget."""
    figure, panels = style.new_figure(columns=3, height=3.0, sharey=True)
    arms = list(table.groupby(["loss", "budget"], sort=False))
    places = {loss: place for place, loss in enumerate(reversed(LABELS))}
    for panel, (column, title) in zip(panels, TITLES.items(), strict=True):
        for (loss, budget), rows in arms:
            label, colour, marker = BUDGETS[budget]
            height = places[loss] + {"responses": 0.16, "comparisons": -0.16}.get(budget, 0.0)
            values = rows[column].to_numpy()
            panel.scatter(
                values, np.full(len(values), height), s=10, color=colour, alpha=0.45, lw=0
            )
            panel.scatter(
                values.mean(),
                height,
                s=42,
                color=colour,
                marker=marker,
                edgecolor="black",
                lw=0.6,
                label=label if loss in ("bradley_terry", "balanced") else None,
                zorder=3,
            )
        panel.set(title=title, ylim=(-0.6, len(LABELS) - 0.4))
    panels[0].xaxis.set_major_formatter(style.percent)
    panels[0].set_yticks(list(places.values()), [LABELS[loss] for loss in places])
    panels[2].axvline(1, color="black", lw=0.6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    render(draw)
