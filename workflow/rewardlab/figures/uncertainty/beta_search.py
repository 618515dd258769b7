"""The search for the coefficient at which each method reaches the target divergence."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render

MARKERS = (*style.MARKERS, "v", "P", "X")


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per method and coefficient tried: beta, kl, error, round, target, and
    whether it was taken."""
    figure, axes = style.new_figure(height=3.2)
    styles = style.method_styles(table.method)
    for number, (method, rows) in enumerate(table.groupby("method", sort=False)):
        line, chosen = rows[~rows.taken].sort_values("beta"), rows[rows.taken].iloc[0]
        name, colour, _ = styles[method]
        look = {"color": colour, "marker": MARKERS[number % len(MARKERS)]}
        label = f"{name}: β = {chosen.beta:.3g} for {chosen.kl:.2f} ± {chosen.error:.2f}"
        axes.errorbar(
            line.beta, line.kl, yerr=line.error, ms=4, lw=1, capsize=2, label=label, **look
        )
        axes.plot(chosen.beta, chosen.kl, "o", ms=11, mfc="none", mec=look["color"], mew=1.5)
    axes.axhline(table.target.iloc[0], color="black", lw=0.8, ls=":", label="target")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_xlim()
    ticks = [0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20]
    if high < 4 * low:  # between two near trials a logarithmic scale is nearly a plain one
        ticks = MaxNLocator(7).tick_values(low, high)
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    axes.set(xlabel="KL coefficient β", ylabel="final KL divergence, nats")
    axes.legend(loc="best")
    return figure


if __name__ == "__main__":
    render(draw)
