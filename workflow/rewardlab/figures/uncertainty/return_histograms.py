"""Figures 3, 4 and 5: histograms of both methods' returns under their closed-form densities."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from rewardlab.figures import style
from rewardlab.figures.render import render

METHODS = ("variance-unaware", "variance-aware")


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per method and draw: return, closed_form_mean, closed_form_deviation.

    With a column `setting`, a panel for each.
    """
    if "setting" not in table:
        figure, axes = style.new_figure(height=3.4)
        histograms(axes, table, table.closed_form_deviation.max())
        return figure
    settings = list(dict.fromkeys(table.setting))
    figure, panels = style.new_figure(rows=len(settings), height=2.7 * len(settings), sharex=True)
    for panel, setting in zip(panels, settings, strict=True):
        rows = table[table.setting.eq(setting)]
        histograms(panel, rows, table.closed_form_deviation.max())
        panel.set_title(setting)
    for panel in panels[:-1]:
        panel.set_xlabel("")
    return figure


def histograms(axes: Axes, table: pd.DataFrame, deviation: float) -> None:
    """Draw both methods' returns over four of the widest deviations to either side."""
    grid = np.linspace(-4 * deviation, 4 * deviation, 400) + table.closed_form_mean.mean()
    for method in METHODS:
        of_method = table[table.method.eq(method)]
        drawn = of_method["return"]
        mean, deviation = (
            of_method.closed_form_mean.iloc[0],
            of_method.closed_form_deviation.iloc[0],
        )
        colour = style.COLOURS[method]
        sns.histplot(
            x=drawn,
            stat="density",
            bins=60,
            binrange=(grid[0], grid[-1]),
            element="step",
            alpha=0.3,
            color=colour,
            ax=axes,
            label=f"{method}: mean {drawn.mean():.3f}, standard deviation {drawn.std():.3f}",
        )
        axes.plot(
            grid,
            norm.pdf(grid, mean, deviation),
            color=colour,
            lw=1.8,
            label=f"closed form: mean {mean:.3f}, standard deviation {deviation:.3f}",
        )
    axes.set(xlabel="true return of the policy", ylabel="density", xlim=(grid[0], grid[-1]))
    axes.set_ylim(0, 1.45 * axes.get_ylim()[1])
    axes.legend(loc="upper left")


if __name__ == "__main__":
    render(draw)
