"""PPO varied: slopes of judged on exact gains, divergences, and the ratio of variances."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

NAMES = {"fig12": "as in Figure 12"}


def draw(table: pd.DataFrame) -> Figure:
    """table: rows of the panels policy, slope and ratio of `inheritance`, by experiment."""
    experiments = list(dict.fromkeys(table.experiment))
    figure, panels = style.new_figure(columns=3, height=0.36 * len(experiments) + 1.5, sharey=True)
    slopes, policies, ratios = (
        table[table.panel.eq(name)] for name in ("slope", "policy", "ratio")
    )
    methods = list(dict.fromkeys(slopes.method))
    styles = style.method_styles(methods)
    for number, method in enumerate(methods):
        at = np.arange(len(experiments)) + 0.2 * (number - (len(methods) - 1) / 2)
        name, colour, _ = styles[method]
        marker = style.MARKERS[number]
        mine = slopes[slopes.method.eq(method)].set_index("experiment").loc[experiments]
        points(panels[0], mine, at, color=colour, marker=marker, label=name)
        of_method = policies[policies.method.eq(method)].groupby("experiment")
        divergences = (of_method.kl.mean() / of_method.exact_kl.mean()).loc[experiments]
        panels[1].plot(divergences, at, marker, color=colour, ms=5)
    hows = list(dict.fromkeys(ratios.method))
    for number, how in enumerate(hows):
        at = np.arange(len(experiments)) + 0.2 * (number - (len(hows) - 1) / 2)
        mine = ratios[ratios.method.eq(how)].set_index("experiment").loc[experiments]
        colour = "black" if how == "judged" else style.KINDS[number + 1]
        points(panels[2], mine, at, color=colour, marker=style.MARKERS[number], label=how)
    for panel, title in zip(
        panels,
        (
            "slope of judged\non exact gains",
            "KL divergence over that of\nthe fixed point, same β",
            "variance,\nvanilla : variance-aware",
        ),
        strict=True,
    ):
        panel.axvline(1, color="0.6", lw=0.8)
        panel.set_title(title)
    panels[2].set_xscale("log")
    low, high = ratios.ci_low.min(), ratios.ci_high.max()
    ticks = [tick for tick in (0.1, 0.3, 1, 3, 10) if 0.8 * low < tick < 1.2 * high]
    panels[2].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panels[2].minorticks_off()
    names = [NAMES.get(name, name.replace("_", " ")) for name in experiments]
    panels[0].set_yticks(range(len(experiments)), names)
    panels[0].set_ylim(len(experiments) - 0.5, -0.5)
    handles, labels = [], []
    for panel in (panels[0], panels[2]):
        found = panel.get_legend_handles_labels()
        handles += found[0]
        labels += found[1]
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def points(panel: Axes, rows: pd.DataFrame, at: np.ndarray, **options) -> None:
    """Draw values with their intervals, one below the other."""
    error = [rows.value - rows.ci_low, rows.ci_high - rows.value]
    panel.errorbar(rows.value, at, xerr=error, ls="none", ms=5, capsize=2, **options)


if __name__ == "__main__":
    render(draw)
