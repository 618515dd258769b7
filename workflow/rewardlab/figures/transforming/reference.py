"""Win rates and how uniform they are, by what the LSC-transformation refers to."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

PANELS = {"win": "win rate", "unimproved": "prompts not improved", "unevenness": "unevenness"}
SCORERS = {"model": ("by the reward models", "o"), "gold": ("by gold", "s")}
RAW = "raw"


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per experiment, reference, scorer and quantity: value, low, high."""
    experiments = list(table.experiment.unique())
    figure, grid = style.new_figure(
        columns=len(PANELS),
        rows=len(experiments),
        height=2.3 * len(experiments) + 0.5,
        sharey="row",
        squeeze=False,
    )
    for line, experiment in zip(grid, experiments, strict=True):
        rows = table[table.experiment.eq(experiment)]
        names = [*(name for name in rows.reference.unique() if name != RAW), RAW]
        for panel, (quantity, title) in zip(line, PANELS.items(), strict=True):
            colours = (style.COLOURS["exact"], style.COLOURS["truth"])
            for shift, colour, (scorer, (label, marker)) in zip(
                (-0.12, 0.12), colours, SCORERS.items(), strict=True
            ):
                part = rows[rows.quantity.eq(quantity) & rows.scorer.eq(scorer)]
                part = part.set_index("reference").loc[names]
                places = [number + shift for number in range(len(names))]
                errors = [part.value - part.low, part.high - part.value]
                panel.errorbar(
                    part.value,
                    places,
                    xerr=errors,
                    fmt=marker,
                    ms=4,
                    color=colour,
                    label=label,
                    clip_on=False,
                )
            if quantity != "unevenness":
                panel.xaxis.set_major_formatter(style.percent)
            if quantity == "unimproved":
                panel.set_xlim(-0.002, max(0.02, panel.get_xlim()[1]))
            panel.set(title=title, yticks=range(len(names)), yticklabels=names)
        line[0].set_ylabel(experiment.removeprefix("lsc-"))
        line[0].invert_yaxis()
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    render(draw)
