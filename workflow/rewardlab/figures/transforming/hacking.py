"""Gold and proxy rewards over the divergence, and what is exploited, raw and transformed."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.evaluation.sources import TRAINED
from rewardlab.figures import style
from rewardlab.figures.policy_curves import draw_policies, reach
from rewardlab.figures.render import render

PANELS = {
    "proxy": "raw proxy reward",
    "gold": "gold reward",
    "dialect": "in dialect",
    "flattery": "flattering",
    "refusal": "refusals",
}
SHARES = ("dialect", "flattery", "refusal")


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per experiment, source, method, quantity and kl: value, low, high."""
    experiments = list(table.experiment.unique())
    figure, grid = style.new_figure(
        columns=len(PANELS),
        rows=len(experiments),
        height=2.3 * len(experiments) + 0.8,
        sharex=True,
        squeeze=False,
    )
    end = reach(table)
    for line, experiment in zip(grid, experiments, strict=True):
        rows = table[table.experiment.eq(experiment)]
        rows = rows[rows.method.isin(rows.method[rows.source.eq(TRAINED)])]
        for panel, (quantity, title) in zip(line, PANELS.items(), strict=True):
            draw_policies(panel, rows[rows.quantity.eq(quantity)], width=1, size=3.5)
            panel.axhline(0, color="black", lw=0.6)
            panel.set_title(title, fontsize=8)
            if quantity in SHARES:
                panel.yaxis.set_major_formatter(style.percent)
            panel.tick_params(labelsize=7)
            panel.set_xlim(0, end)
        line[0].set_ylabel(f"{experiment.removeprefix('lsc-')}\nover the base model")
    grid[-1][len(PANELS) // 2].set_xlabel("KL divergence from the base model, nats")
    handles, labels = grid[-1][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    render(draw)
