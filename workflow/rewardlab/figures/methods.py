"""All penalties at the same divergence: judged mean and variance of their policies."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import figure_command

NAMES = {
    "reference": "reference",
    "vanilla": "vanilla",
    "aware": "variance-aware, σ",
    "aware_squared": "variance-aware, σ²",
    "lower_bound": "lower bound r − cσ",
    "mean": "ensemble mean",
    "worst_case": "minimum (WCO)",
    "uncertainty_weighted": "mean − λσ² (UWO)",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per method: judged, variance, both with intervals, kl, policies."""
    rows = table.set_index("method").loc[[name for name in NAMES if name in set(table.method)]]
    figure, (left, right) = style.new_figure(columns=2, height=3.2, sharey=True)
    places = range(len(rows))
    colours = [
        style.COLOURS["reference"] if method == "reference" else style.KINDS[0]
        for method in rows.index
    ]
    for panel, name in ((left, "judged"), (right, "variance")):
        low, high = rows[f"{name}_low"], rows[f"{name}_high"]
        panel.hlines(places, low, high, colors=colours, lw=1.5)
        panel.scatter(rows[name], places, c=colours, s=28, zorder=3)
    left.axvline(rows.judged["vanilla"], color="0.6", lw=0.8, ls=":")
    right.axvline(rows.variance["vanilla"], color="0.6", lw=0.8, ls=":")
    labels = [f"{NAMES[name]} (KL {rows.kl[name]:.2f})" for name in rows.index]
    left.set_yticks(places, labels)
    left.invert_yaxis()
    left.set_xlabel("mean judged reward, 95 % interval")
    right.set_xlabel("variance over policies, noise of judging off")
    return figure


COMMAND = figure_command(__spec__.name, draw)

if __name__ == "__main__":
    COMMAND.main()
