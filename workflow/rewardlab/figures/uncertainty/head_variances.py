"""Figure 6: variances over heads, of accepted responses and of the difference to rejected ones."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

ROWS = {
    "accepted": "rewards of accepted responses",
    "difference": "differences to the rejected ones",
}
CENTRING = {"raw": style.COLOURS["variance-aware"], "centred": style.COLOURS["inverted"]}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per pair and quantity: subset, quantity, centring, variance."""
    subsets = list(dict.fromkeys(table.subset))
    figure = style.blank_figure(height=5.0)
    for part, (quantity, label) in zip(figure.subfigures(2, 1), ROWS.items(), strict=True):
        part.suptitle(f"Variance over heads: {label}", x=0.01, ha="left", fontsize=9.5)
        chosen = table[table.quantity.eq(quantity)]
        panels = part.subplots(1, len(subsets), squeeze=False)[0]
        for panel, subset in zip(panels, subsets, strict=True):
            histogram(panel, chosen[chosen.subset.eq(subset)], subset)
        panels[0].set_ylabel("pairs")
        panels[-1].legend(loc="upper right", fontsize=7, handlelength=1.2)
    return figure


def histogram(axes: Axes, table: pd.DataFrame, subset: str) -> None:
    """Draw the variances of one set, raw and centred; how many lie beyond the axis is said."""
    limit = (0, table.variance.quantile(0.99))
    for centring, part in table.groupby("centring", sort=False):
        sns.histplot(
            x=part.variance,
            color=CENTRING[centring],
            ax=axes,
            label=centring,
            binrange=limit,
            bins=24,
            element="step",
            alpha=0.3,
        )
    raw = table[table.centring.eq("raw")].variance
    axes.axvline(raw.mean(), color="black", lw=1.2, label="mean")
    axes.axvline(raw.median(), color="black", lw=1.2, ls=":", label="median")
    axes.set(xlabel="variance", ylabel="")
    beyond = int(table.variance.gt(limit[1]).sum())
    left_out = f" ({beyond} beyond)" if beyond else ""
    moments = f"mean {raw.mean():.2g}, median {raw.median():.2g}"
    axes.set_title(f"{subset}{left_out}\n{moments}", fontsize=8)


if __name__ == "__main__":
    render(draw)
