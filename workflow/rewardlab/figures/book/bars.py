"""Shares with intervals, as bars by panel."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: value, low and high by panel and name; is_baseline: of what is not judged itself."""
    titles = table.panel.unique()
    longest = table.panel.value_counts().max()
    height = max(2.8, 0.2 * longest + 0.8)
    figure, panels = style.new_figure(columns=len(titles), height=height)
    for number, (panel, title) in enumerate(zip(np.atleast_1d(panels), titles, strict=True)):
        rows = table[table.panel.eq(title)].iloc[::-1]
        places = np.arange(len(rows))
        colours = [style.KINDS[1 if baseline else 0] for baseline in rows.is_baseline]
        panel.barh(places, rows.value, color=colours, height=0.6)
        errors = np.abs(rows[["low", "high"]].to_numpy().T - rows.value.to_numpy())
        panel.errorbar(rows.value, places, xerr=errors, fmt="none", ecolor="black", lw=1)
        panel.set_yticks(places, rows.name)
        panel.xaxis.set_major_formatter(style.percent)
        panel.set(title=f"{'abc'[number]}. {title}", xlim=(0, 1))
    return figure


if __name__ == "__main__":
    render(draw)
