"""Win rates of best-of-k against k, for all combinations, with the bound of the KL divergence."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rewardlab.figures import style
from rewardlab.figures.render import render

METRICS = {"and": "AND: better on every property", "or": "OR: better on at least one"}
FUNCTIONS = ("sigmoid_AND", "sigmoid_OR")
SCORERS = {"rewards": "the rewards", "judges": "the judges"}
# By the reference that is subtracted.
LINES = {
    "_oracle_median": ("oracle median", style.KINDS[0], "o"),
    "_predict_median": ("predicted median", style.KINDS[1], "s"),
    "_refusal": ("canned refusal", style.KINDS[3], "D"),
    "_oracle_q85": ("oracle 85th percentile", style.KINDS[2], "^"),
    "": ("no reference", "black", "v"),
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per scorer, metric, method and k: win_rate with its interval, kl_bound.

    A row of panels for each scorer: AND and OR, or what a single judge says of either function.
    """
    scorers = list(dict.fromkeys(table.scored_by))
    height = 1.0 + 3.3 * len(scorers)
    figure, panels = style.new_figure(columns=2, rows=len(scorers), height=height, squeeze=False)
    for line, scorer in zip(panels, scorers, strict=True):
        scored = table[table.scored_by.eq(scorer)]
        single = None if scored.metric.isin([*METRICS]).any() else scored.metric.iloc[0]
        for panel, function, metric in zip(line, FUNCTIONS, METRICS, strict=True):
            rows = scored[scored.metric.eq(single or metric)]
            (other,) = {*FUNCTIONS} - {function}
            _lines(panel, rows, _own(function), "-")
            _lines(panel, rows, _others(function, other), (0, (4, 1.5)))
            title = f"{function}, by the judge {single}" if single else METRICS[metric]
            if len(scorers) > 1 and not single:
                title += f", by {SCORERS[scorer]}"
            _axes(panel, rows, title)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _own(function: str) -> dict[str, tuple[str, str, str]]:
    return {
        function + end: (f"own function, {name}", *look) for end, (name, *look) in LINES.items()
    }


def _others(function: str, other: str) -> dict[str, tuple[str, str, str]]:
    return {
        "sum": ("sum", "0.5", "P"),
        f"{other}_oracle_median": ("the other function, oracle median", "#56B4E9", "X"),
        function.replace("sigmoid", "win_share"): ("win rate against reference samples", "0.2", ""),
    }


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
        low = rows.ci_low.fillna(rows.win_rate).min()
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
