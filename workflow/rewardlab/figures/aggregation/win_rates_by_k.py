"""Win rates of best-of-k against k, for all combinations, with the bound of the KL divergence."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rewardlab.figures import style
from rewardlab.figures.render import render

PANELS = {
    "and": ("AND: better on every property", "sigmoid_AND", "sigmoid_OR"),
    "or": ("OR: better on at least one", "sigmoid_OR", "sigmoid_AND"),
}
# By the reference that is subtracted.
LINES = {
    "_oracle_median": ("oracle median", style.KINDS[0], "o"),
    "_predict_median": ("predicted median", style.KINDS[1], "s"),
    "_refusal": ("canned refusal", style.KINDS[3], "D"),
    "_oracle_q85": ("oracle 85th percentile", style.KINDS[2], "^"),
    "": ("no reference", "black", "v"),
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per metric, method and k: win_rate with its interval, kl_bound."""
    table = table[table.scored_by.eq("rewards")]
    figure, panels = style.new_figure(columns=2, height=4.3)
    for panel, (metric, (title, function, other)) in zip(panels, PANELS.items(), strict=True):
        rows = table[table.metric.eq(metric)]
        series = {
            function + end: (f"own function, {name}", *look) for end, (name, *look) in LINES.items()
        }
        _lines(panel, rows, series, "-")
        rest = {
            "sum": ("sum", "0.5", "P"),
            f"{other}_oracle_median": ("the other function, oracle median", "#56B4E9", "X"),
            f"ceiling_{metric.upper()}": ("ceiling", "0.2", ""),
        }
        _lines(panel, rows, rest, (0, (4, 1.5)))
        _axes(panel, rows, title)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _lines(panel, rows: pd.DataFrame, series: dict, dashes) -> None:
    for method, (label, colour, marker) in series.items():
        line = rows[rows.method.eq(method)].sort_values("k")
        if len(line):
            panel.plot(
                line.k, line.win_rate, ls=dashes, color=colour, marker=marker, ms=4, label=label
            )
            panel.fill_between(line.k, line.ci_low, line.ci_high, color=colour, alpha=0.12, lw=0)


def _axes(panel, rows: pd.DataFrame, title: str) -> None:
    sizes = np.sort(rows.k.unique())
    bounds = rows.drop_duplicates("k").set_index("k").kl_bound.loc[sizes]
    panel.set_xscale("log", base=2)
    panel.set_xticks(sizes, [str(size) for size in sizes])
    panel.set(xlabel="k", ylabel="win rate against the base model")
    if rows.win_rate.max() > 0.95:  # a scale on which the last percents are not all alike
        panel.set_yscale("logit")
        low = rows.ci_low.min()
        ticks = [
            tick for tick in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998) if tick > low
        ]
        panel.set_yticks(ticks)
        panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(style.percent)
    panel.set_title(title, pad=32)
    top = panel.twiny()
    top.set_xscale("log", base=2)
    top.set_xlim(panel.get_xlim())
    top.set_xticks(sizes, [f"{bound:.1f}" for bound in bounds])
    top.minorticks_off()
    panel.minorticks_off()
    top.set_xlabel("KL divergence at most, in nats: log k − (k−1)/k", fontsize=8)


if __name__ == "__main__":
    render(draw)
