"""Losses over epochs: by number of pairs, and with pairs of a prompt together or spread."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: loss and training_loss of every trial, by panel (pairs, batches), arm and epoch."""
    figure, panels = style.new_figure(columns=2, height=3.2)
    titles = ("a. by number of pairs", "b. all pairs of a ranking")
    for panel, kind, title in zip(panels, ("pairs", "batches"), titles, strict=True):
        rows = table[table.panel.eq(kind)]
        arms = zip(rows.arm.unique(), style.KINDS, style.MARKERS, strict=False)
        for arm, colour, marker in arms:
            of_arm = rows[rows.arm.eq(arm)]
            label = f"{arm} pairs" if kind == "pairs" else arm
            for column, dashes in (("loss", "-"), ("training_loss", ":")):
                by_epoch = of_arm.groupby("epoch")[column]
                mean = by_epoch.mean()
                panel.fill_between(
                    mean.index, by_epoch.min(), by_epoch.max(), color=colour, alpha=0.15, lw=0
                )
                panel.plot(
                    mean.index,
                    mean,
                    color=colour,
                    ls=dashes,
                    marker=marker,
                    ms=4,
                    label=label if column == "loss" else None,
                )
        panel.set(title=title, xlabel="epoch", ylabel="cross-entropy, nats")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.plot([], [], color="black", ls=":", label="on the training pairs")
        panel.legend(loc="best")
    return figure


if __name__ == "__main__":
    render(draw)
