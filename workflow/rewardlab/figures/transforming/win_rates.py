"""Win rates against the base model over the divergence, by method: PPO, fixed points, best-of-k."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.evaluation.sources import BEST
from rewardlab.figures import style
from rewardlab.figures.policy_curves import draw_policies, reach
from rewardlab.figures.render import render

SCORERS = {"model": "by the reward models", "judge": "by the judge in words", "gold": "by gold"}


def titled(experiment: str, name: str) -> str:
    plain = experiment.removeprefix("lsc-")
    return {"all": f"{plain}: all at once" if "both" in experiment else plain}.get(name, name)


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per experiment, source, method, scorer, property and kl: value, low, high."""
    rows = list(dict.fromkeys(zip(table.experiment, table.property, strict=True)))
    scorers = {name: words for name, words in SCORERS.items() if name in set(table.scorer)}
    figure, grid = style.new_figure(
        columns=len(scorers),
        rows=len(rows),
        height=2.5 * len(rows) + 0.5,
        sharex=True,
        squeeze=False,
    )
    end = reach(table)
    for line, (experiment, name) in zip(grid, rows, strict=True):
        part = table[table.experiment.eq(experiment) & table.property.eq(name)]
        for panel, (scorer, words) in zip(line, scorers.items(), strict=True):
            shown = part[part.scorer.eq(scorer)]
            _panel(panel, shown)
            panel.set_xlim(0, end)
            panel.set_title(f"{titled(experiment, name)}, {words}")
            panel.yaxis.set_major_formatter(style.percent)
        _common_limits(line)
        line[0].set_ylabel("win rate")
    for panel in grid[-1]:
        panel.set_xlabel("KL divergence from the base model, nats")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _panel(panel, rows: pd.DataFrame) -> None:
    draw_policies(panel, rows, width=1.2, size=4)
    best = rows[rows.source.eq(BEST)]
    if best.empty:
        return
    alone = best.method.nunique() == 1  # of one reward, all methods choose alike
    for method, points in best.groupby("method", sort=False):
        colour = "black" if alone else style.method_styles([method])[method].colour
        panel.plot(points.kl, points.value, "x", ms=5, color=colour)
    panel.plot([], [], "x", ms=5, color="black", label="best of k, at its bound of KL")


def _common_limits(panels) -> None:
    """Give a row's panels the same win rates, those that PPO's policies and best-of-k reach."""
    low = min(panel.get_ylim()[0] for panel in panels)
    high = max(panel.get_ylim()[1] for panel in panels)
    for panel in panels:
        panel.set_ylim(low, high)


if __name__ == "__main__":
    render(draw)
