"""Figures 10 and 11: KL divergence and proxy reward over training, over policies."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per method and step: quantity, mean, std, count, and the target if any."""
    figure, axes = style.new_figure(height=3.0)
    styles = style.method_styles(table.method)
    for method, rows in table.groupby("method", sort=False):
        name, colour, dashes = styles[method]
        label = f"{name}, {rows['count'].max()} policies"
        axes.plot(rows.step, rows["mean"], color=colour, ls=dashes, label=label)
        low, high = rows["mean"] - rows["std"], rows["mean"] + rows["std"]
        axes.fill_between(rows.step, low, high, color=colour, alpha=0.15, lw=0)
    quantity = table.quantity.iloc[0]
    if quantity == "kl":
        low, high = table.paper_low.iloc[0], table.paper_high.iloc[0]
        axes.axhspan(low, high, color="0.85", zorder=0, label="the paper's final range")
        axes.set_ylabel("KL divergence from the reference, nats")
        axes.set_ylim(bottom=0)
    else:
        axes.set_ylabel("proxy reward")
    axes.set_xlabel("step of training")
    axes.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    render(draw)
