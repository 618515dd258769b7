"""Figures 7 and 12: judged rewards of the policies of each method, and of the reference."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per policy: method, judged, and its method's moments and counts."""
    figure, axes = style.new_figure(height=3.6)
    kept = table[table.judged.notna()]
    low, high = kept.judged.min(), kept.judged.max()
    margin = 0.12 * (high - low)
    grid = np.linspace(low - margin, high + margin, 400)
    styles = style.method_styles(kept.method)
    for method, rows in kept.groupby("method", sort=False):
        name, colour, dashes = styles[method]
        row = rows.iloc[0]
        count = f"{row.finished} of {row.policies} policies"
        if method == "reference":
            count = f"one model, sampled {row.finished} times"
        label = (
            f"{name}: mean {row['mean']:.3g}, variance {row.variance:.2g} "
            f"({row.true_variance:.2g} without the noise of judging), {count}"
        )
        if rows.judged.nunique() > 2:
            density = gaussian_kde(rows.judged)(grid)
            axes.plot(grid, density, color=colour, ls=dashes, label=label)
            axes.fill_between(grid, density, color=colour, alpha=0.12, lw=0)
        axes.plot(
            rows.judged, np.zeros(len(rows)), "|", color=colour, ms=9, alpha=0.7, clip_on=False
        )
        axes.axvline(row["mean"], color=colour, lw=0.8, ls=":")
    axes.set(xlabel="mean judged reward of a policy", ylabel="density over policies")
    axes.set_ylim(bottom=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center")
    return figure


if __name__ == "__main__":
    render(draw)
