"""Figure 6's variances and Figure 9's accuracies over redraws of the heads, by deviation."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per initial deviation and draw: lowest_median, meets_means, largest_gap."""
    figure, (left, right) = style.new_figure(columns=2, height=3.2)
    deviations = sorted(table.initial_deviation.unique())
    jitter = np.random.default_rng(0).uniform(-0.25, 0.25, len(table))
    place = table.initial_deviation.map(deviations.index) + jitter
    for met, label, marker in (
        (True, "means and medians as stated", "o"),
        (False, "not as stated", "x"),
    ):
        rows = table.meets_means.eq(met)
        colour = style.COLOURS["exact" if met else "printed"]
        left.plot(place[rows], table.lowest_median[rows], marker, ls="none", ms=3.5, color=colour,
                  label=label)  # fmt: skip
        rows = table.comparable.eq(met)
        right.plot(place[rows], table.largest_gap[rows], marker, ls="none", ms=3.5, color=colour,
                   label="all heads within five points" if met else "some beyond")  # fmt: skip
    left.set_ylabel("lowest median variance over the sets")
    right.set_ylabel("accuracy of the furthest head,\nless the fully tuned model's")
    right.axhline(0, color="black", lw=0.8)
    for panel in (left, right):
        panel.set_xticks(range(len(deviations)), [f"{value:g}" for value in deviations])
        panel.set_xlabel("initial deviation of the heads")
    left.axhline(
        table.stated_median.iloc[0], color="0.5", lw=0.8, ls="--", label="median that is stated"
    )
    right.axhspan(-table.bound.iloc[0], table.bound.iloc[0], color="0.88", zorder=0)
    for panel in (left, right):
        panel.legend(loc="upper left" if panel is left else "lower left")
    left.set_ylim(0, 1.3 * table.lowest_median.max())
    right.set_ylim(
        1.35 * min(table.largest_gap.min(), -0.01), max(table.largest_gap.max(), 0) + 0.05
    )
    return figure


if __name__ == "__main__":
    render(draw)
