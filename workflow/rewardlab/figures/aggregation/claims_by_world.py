"""The differences that claims A1, A2, A3 and A5 say are positive, by k and world."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rewardlab.figures import style
from rewardlab.figures.render import render

PANELS = {
    ("A1", "and"): "A1: sigmoid_AND over sum",
    ("A3", "and"): "A3: median over no reference",
    ("A5", "and"): "A5: own over other function",
    ("A2", "or"): "A2: sigmoid_OR over sum",
    ("A3", "or"): "A3: median over no reference",
    ("A5", "or"): "A5: own over other function",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per world, claim, metric and k: value with its interval."""
    table = table[table.scored_by.eq("rewards")]
    figure, panels = style.new_figure(columns=3, rows=2, height=4.6, sharex=True)
    worlds = list(dict.fromkeys(table.world))
    for panel, ((claim, metric), title) in zip(panels.flat, PANELS.items(), strict=True):
        rows = table[table.id.eq(claim) & table.metric.eq(metric)]
        panel.axhline(0, color="black", lw=0.8)
        panel.set_xscale("log", base=2)
        for number, world in enumerate(worlds):
            line = rows[rows.world.eq(world)].sort_values("k")
            error = [line.value - line.ci_low, line.ci_high - line.value]
            shift = 2 ** (0.12 * (number - (len(worlds) - 1) / 2))
            panel.errorbar(
                line.k * shift,
                line.value,
                yerr=error,
                color=style.KINDS[number % len(style.KINDS)],
                marker=style.MARKERS[number % len(style.MARKERS)],
                ms=3.5,
                lw=1,
                label=world,
            )
        panel.set_xticks(sorted(table.k.unique()), sorted(table.k.unique()))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_major_formatter(style.percent)
        panel.set_title(title)
    for panel in panels[1]:
        panel.set_xlabel("k")
    for panel, metric in zip(panels[:, 0], ("AND", "OR"), strict=True):
        panel.set_ylabel(f"difference of {metric} win rates")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(worlds))
    return figure


if __name__ == "__main__":
    render(draw)
