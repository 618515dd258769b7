"""Accuracy on held-out pairs: reward model and ensemble beside two baselines, by preference set."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render

METHODS = {
    "longer response": "0.75",
    "bag of words": style.COLOURS["reference"],
    "single reward model": style.COLOURS["inverted"],
    "ensemble, mean of heads": style.COLOURS["variance-aware"],
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per set and method: pairs, accuracy with its interval."""
    figure, axes = style.new_figure(height=3.0)
    sets = list(dict.fromkeys(table["set"]))
    for number, (method, colour) in enumerate(METHODS.items()):
        rows = table[table.method.eq(method)].set_index("set").loc[sets]
        positions = [position + 0.2 * (number - 1.5) for position in range(len(sets))]
        error = [rows.accuracy - rows.ci_low, rows.ci_high - rows.accuracy]
        axes.bar(positions, rows.accuracy, 0.18, color=colour, label=method)
        axes.errorbar(positions, rows.accuracy, yerr=error, fmt="none", ecolor="0.2", capsize=2)
        for position, value, top in zip(positions, rows.accuracy, rows.ci_high, strict=True):
            text = f"{100 * value:.1f} %"
            # Above the interval, and above the line of chance where that would strike through it.
            height = 0.52 if 0.43 < top < 0.52 else top + 0.015
            axes.annotate(text, (position, height), ha="center", fontsize=7.5)
    axes.axhline(0.5, color="black", lw=0.8, ls=":")
    pairs = table.groupby("set").pairs.first()
    axes.set_xticks(range(len(sets)), [f"{name} ({pairs[name]} pairs)" for name in sets])
    axes.set(ylabel="accuracy", ylim=(0, 1.15), xlim=(-0.6, len(sets) - 0.4))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="upper center", ncols=4, columnspacing=1.0)
    return figure


if __name__ == "__main__":
    render(draw)
