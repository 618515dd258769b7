"""A judge in words beside a reward model: accuracy, and what swapping the answers does."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

TITLES = {"accuracy": "a. agrees with the label", "verdicts": "b. the two orders of a pair"}


def draw(table: pd.DataFrame) -> Figure:
    """table: value, low and high by panel (accuracy or verdicts) and name."""
    figure, panels = style.new_figure(columns=2, height=2.8)
    for panel, (kind, title) in zip(panels, TITLES.items(), strict=True):
        rows = table[table.panel.eq(kind)].iloc[::-1]
        places = np.arange(len(rows))
        colours = [
            style.KINDS[1] if name == "reward model" else style.KINDS[0] for name in rows.name
        ]
        panel.barh(places, rows.value, color=colours, height=0.6)
        errors = np.abs(rows[["low", "high"]].to_numpy().T - rows.value.to_numpy())
        panel.errorbar(rows.value, places, xerr=errors, fmt="none", ecolor="black", lw=1)
        panel.set_yticks(places, rows.name)
        panel.xaxis.set_major_formatter(style.percent)
        panel.set(title=title, xlim=(0, 1))
    panels[0].axvline(0.5, color="black", lw=0.8, ls=":")
    return figure


if __name__ == "__main__":
    render(draw)
