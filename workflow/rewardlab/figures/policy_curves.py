"""Trained policies beside fixed points, over the divergence."""

import pandas as pd

from rewardlab.evaluation.sources import EXACT, TRAINED
from rewardlab.figures import style


def reach(table: pd.DataFrame) -> float:
    """Return where the axis of divergences ends: a little beyond every trained policy."""
    return 1.08 * table.kl[table.source.eq(TRAINED)].max()


def draw_policies(panel, rows: pd.DataFrame, width: float, size: float) -> None:
    """Draw each method's fixed points as a line, and its trained policies with intervals.

    rows: source, method, kl, value, low, high; width: of the lines; size: of the markers. A method
    that was not trained has its line alone, which the legend then names.
    """
    for method, of in style.method_styles(rows.method).items():
        of_method = rows[rows.method.eq(method)].sort_values("kl")
        exact = of_method[of_method.source.eq(EXACT)]
        panel.plot(exact.kl, exact.value, color=of.colour, ls=of.dashes, lw=width)
        points = of_method[of_method.source.eq(TRAINED)]
        if points.empty:
            panel.plot([], [], color=of.colour, ls=of.dashes, label=f"{of.label}, fixed points")
            continue
        panel.errorbar(
            points.kl,
            points.value,
            [points.value - points.low, points.high - points.value],
            fmt=style.METHOD_MARKERS.get(method, "o"),
            ms=size,
            lw=0.8 * width,
            capsize=size / 2,
            color=of.colour,
            label=f"{of.label}, PPO",
        )
    if rows.source.eq(EXACT).any():
        panel.plot([], [], color="black", lw=width, label="line: fixed points")
