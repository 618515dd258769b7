"""Figure 1: the rewards that the heads of an ensemble give one response."""

import textwrap

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

LONGEST = 420  # characters of a text that are shown


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per head: reward, centred, and the texts of the prompt and the response."""
    figure, axes = style.new_figure(height=3.4)
    for shift, (column, colour, label) in enumerate(
        (
            ("reward", style.COLOURS["variance-aware"], "raw"),
            ("centred", style.COLOURS["inverted"], "centred on the benchmark"),
        )
    ):
        axes.bar(
            table["head"] + 0.4 * (shift - 0.5), table[column], 0.38, color=colour, label=label
        )
    axes.axhline(0, color="black", lw=0.8)
    axes.set(xlabel="head", ylabel="reward", xticks=table["head"])
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.2 * (high - low))
    axes.legend(loc="upper center", ncols=2)
    texts = [f"{name}: {table[name.lower()].iloc[0]}" for name in ("Prompt", "Response")]
    lines = [textwrap.fill(textwrap.shorten(text, LONGEST), 105) for text in texts]
    figure.suptitle("\n".join(lines), fontsize=8, x=0.02, ha="left")
    return figure


if __name__ == "__main__":
    render(draw)
