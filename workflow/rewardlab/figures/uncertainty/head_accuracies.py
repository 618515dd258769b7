"""Figure 9: accuracy of each head and of the fully tuned reward model, on each set."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per set and model: accuracy with its interval, and the number of pairs."""
    subsets = list(dict.fromkeys(table.subset))
    figure, panels = style.new_figure(columns=len(subsets), height=2.8, sharey=True, squeeze=False)
    for panel, subset in zip(panels[0], subsets, strict=True):
        rows = table[table.subset.eq(subset)].reset_index(drop=True)
        alone = rows.model.eq("fully tuned model")
        colours = alone.map(
            {True: style.COLOURS["inverted"], False: style.COLOURS["variance-aware"]}
        )
        error = [rows.accuracy - rows.ci_low, rows.ci_high - rows.accuracy]
        panel.bar(rows.index, rows.accuracy, color=colours, yerr=error, ecolor="0.3", capsize=1.5)
        panel.axhline(rows.accuracy[alone].iloc[0], color=style.COLOURS["inverted"], lw=1)
        panel.axhline(0.5, color="black", lw=0.8, ls=":")
        panel.set(xlabel="heads, tuned model", ylim=(0, 1), xticks=[])
        panel.set_title(f"{subset} ({rows.pairs.iloc[0]} pairs)", fontsize=8.5)
    panels[0, 0].set_ylabel("accuracy")
    panels[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


if __name__ == "__main__":
    render(draw)
