"""Predicted against oracle medians of the base model's rewards, by prompt and property."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per property, quantile and prompt: oracle, predicted, refusal."""
    table = table[table["quantile"].eq("median")]
    properties = list(dict.fromkeys(table.property))
    figure, panels = style.new_figure(columns=len(properties), height=3.3, squeeze=False)
    for panel, name in zip(panels[0], properties, strict=True):
        rows = table[table.property.eq(name)]
        ends = [
            min(rows.oracle.min(), rows.predicted.min()),
            max(rows.oracle.max(), rows.predicted.max()),
        ]
        panel.plot(ends, ends, color="0.4", lw=0.9, ls="--", label="equal")
        panel.scatter(rows.oracle, rows.predicted, s=9, color=style.KINDS[0], alpha=0.6, lw=0)
        panel.axhline(0, color="0.75", lw=0.7, zorder=0)
        panel.axvline(0, color="0.75", lw=0.7, zorder=0, label="no reference subtracts 0")
        explained = 1 - ((rows.predicted - rows.oracle) ** 2).mean() / rows.oracle.var(ddof=0)
        panel.set_title(f"{name}: {100 * explained:.0f} % of the variance explained")
        panel.set(xlabel="oracle median of the rewards", aspect="equal", adjustable="datalim")
    panels[0, 0].set_ylabel("median predicted from the prompt")
    panels[0, 0].legend(loc="lower right")
    return figure


if __name__ == "__main__":
    render(draw)
