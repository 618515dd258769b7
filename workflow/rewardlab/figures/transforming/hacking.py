"""Gold and proxy rewards over the divergence, and what is exploited, raw and transformed."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
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
    reach = 1.08 * table.kl[table.source.eq("PPO")].max()
    for line, experiment in zip(grid, experiments, strict=True):
        rows = table[table.experiment.eq(experiment)]
        for panel, (quantity, title) in zip(line, PANELS.items(), strict=True):
            _panel(panel, rows[rows.quantity.eq(quantity)])
            panel.axhline(0, color="black", lw=0.6)
            panel.set_title(title, fontsize=8)
            if quantity in SHARES:
                panel.yaxis.set_major_formatter(style.percent)
            panel.tick_params(labelsize=7)
            panel.set_xlim(0, reach)
        line[0].set_ylabel(f"{experiment.removeprefix('lsc-')}\nover the base model")
    grid[-1][len(PANELS) // 2].set_xlabel("KL divergence from the base model, nats")
    handles, labels = grid[-1][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _panel(panel, rows: pd.DataFrame) -> None:
    trained = rows[rows.source.eq("PPO")]
    for method, of in style.method_styles(trained.method).items():
        exact = rows[rows.source.eq("fixed point") & rows.method.eq(method)].sort_values("kl")
        panel.plot(exact.kl, exact.value, color=of.colour, ls=of.dashes, lw=1)
        points = trained[trained.method.eq(method)].sort_values("kl")
        errors = [points.value - points.low, points.high - points.value]
        marker = style.METHOD_MARKERS.get(method, "o")
        panel.errorbar(
            points.kl,
            points.value,
            errors,
            fmt=marker,
            ms=3.5,
            lw=0.8,
            capsize=1.5,
            color=of.colour,
            label=f"{of.label}, PPO",
        )
    panel.plot([], [], color="black", lw=1, label="line: fixed points")


if __name__ == "__main__":
    render(draw)
