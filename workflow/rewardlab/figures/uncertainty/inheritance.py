"""Policies that PPO trained beside the fixed points of their own heads."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: rows of the panels policy: method, exact, judged; slope and ratio: value, interval."""
    policies, slopes, ratios = (
        table[table.panel.eq(name)] for name in ("policy", "slope", "ratio")
    )
    figure, panels = style.new_figure(
        columns=3, height=3.1, gridspec_kw={"width_ratios": (1, 1, 0.8)}
    )
    both = policies[["exact", "judged"]]
    limits = both.min().min(), both.max().max()
    margin = 0.05 * (limits[1] - limits[0])
    ends = np.array([limits[0] - margin, limits[1] + margin])
    styles = style.method_styles(policies.method)
    for panel, (method, rows) in zip(panels, policies.groupby("method", sort=False), strict=False):
        name, colour, _ = styles[method]
        slope = slopes[slopes.method.eq(method)].iloc[0]
        panel.plot(ends, ends, color="0.6", lw=0.8)
        panel.plot(rows.exact, rows.judged, "o", ms=3, color=colour, alpha=0.7)
        line = rows.judged.mean() + slope.value * (ends - rows.exact.mean())
        panel.plot(ends, line, color=colour, lw=1.2)
        panel.set(
            xlim=ends,
            ylim=ends,
            xlabel="exact gain, at equal KL",
            ylabel="judged gain over the base model",
        )
        panel.set_title(
            f"{name}\nslope {slope.value:.2f} [{slope.ci_low:.2f}, {slope.ci_high:.2f}]"
        )
    right = panels[-1]
    at = np.arange(len(ratios))
    error = [ratios.value - ratios.ci_low, ratios.ci_high - ratios.value]
    right.errorbar(ratios.value, at, xerr=error, fmt="o", color="black", ms=5, capsize=3)
    right.axvline(1, color="0.6", lw=0.8)
    right.set_xscale("log")
    ticks = [
        tick
        for tick in (0.3, 0.5, 1, 2, 3, 5)
        if 0.9 * ratios.ci_low.min() < tick < 1.1 * ratios.ci_high.max()
    ]
    right.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    right.minorticks_off()
    right.set_yticks(at, [name.replace(", at", ",\nat") for name in ratios.method], fontsize=7)
    right.set_ylim(len(ratios) - 0.5, -0.5)
    right.set_title("variance,\nvanilla : aware")
    return figure


if __name__ == "__main__":
    render(draw)
