"""All penalties at the same divergence: judged mean and variance of their policies."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

NAMES = {
    "vanilla": "vanilla",
    "variance_aware": "variance-aware, σ",
    "variance_aware_squared": "variance-aware, σ²",
    "lower_bound": "lower bound r − cσ",
    "mean": "ensemble mean",
    "worst_case": "minimum (WCO)",
    "uncertainty_weighted": "mean − λσ² (UWO)",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per method: judged, variance, both with intervals, kl, policies."""
    by_method = table.set_index("method")
    known = [name for name in NAMES if name in by_method.index]
    others = [name for name in by_method.index if name not in (*NAMES, "reference")]
    rows = by_method.loc[[*known, *others]]
    figure, (left, right) = style.new_figure(columns=2, height=3.0, sharey=True)
    positions = range(len(rows))
    for panel, name in ((left, "judged"), (right, "variance")):
        low, high = rows[f"{name}_low"], rows[f"{name}_high"]
        panel.hlines(positions, low, high, colors=style.KINDS[0], lw=1.5)
        panel.scatter(rows[name], positions, color=style.KINDS[0], s=28, zorder=3)
        panel.axvline(rows[name]["vanilla"], color="0.6", lw=0.8, ls=":")
    left.set_yticks(
        positions, [f"{NAMES.get(name, name)} (KL {rows.kl[name]:.2f})" for name in rows.index]
    )
    left.invert_yaxis()
    base = by_method.judged["reference"]
    left.set_xlabel(f"mean judged reward (reference: {base:.2f})")
    right.set_xlabel("variance over policies, noise of judging off")
    figure.suptitle(f"{rows.policies.min()} policies of each method, 95 % intervals", fontsize=8.5)
    return figure


if __name__ == "__main__":
    render(draw)
