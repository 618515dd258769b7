"""Aggregation Figure 1: AND and OR win rates of the seven methods; and the same by the judge."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rewardlab.figures import style
from rewardlab.figures.render import render

COLOURS = {"sigmoid_AND": style.KINDS[0], "sigmoid_OR": style.KINDS[1], "sum": "0.45"}
TITLES = {"and": "AND: better on every property", "or": "OR: better on at least one"}
SHARE = "win_share"
SCORERS = {"rewards": "the models that were combined", "judges": "the judge"}


def colour_of(method: str) -> str:
    """Return the colour of a method's combination function, whatever its reference."""
    return next(colour for name, colour in COLOURS.items() if method.startswith(name))


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per scorer, metric and method: win_rate and interval, base_rate, k, prompts.

    Bars begin at the base rate, the win rate of a response that nobody chose: they show the gain.
    """
    methods = [name for name in dict.fromkeys(table.method) if not name.startswith(SHARE)]
    methods.sort(key=_order)
    scorers = list(dict.fromkeys(table.scored_by))
    height = 0.75 + 0.3 * len(methods) * (1 + 0.35 * (len(scorers) - 1))
    figure, panels = style.new_figure(columns=2, height=height, sharey=True)
    for panel, (metric, title) in zip(panels, TITLES.items(), strict=True):
        rows = table[table.metric.eq(metric)].set_index(["scored_by", "method"])
        for number, scorer in enumerate(scorers):
            _bars(panel, rows.loc[scorer], methods, number, len(scorers))
            share = rows.loc[scorer].filter(like=SHARE, axis=0)
            if len(share):
                line = (0, (4, 2)) if number else "-"
                panel.axvline(share.win_rate.iloc[0], color="black", lw=0.9, ls=line)
        ends = rows.ci_high.fillna(rows.win_rate)  # one prompt gives no interval
        least, most = rows.base_rate.min(), max(ends.max(), rows.base_rate.max() + 0.01)
        panel.set(xlabel="win rate against the base model")
        panel.set_xlim(least - 0.02 * (most - least), most + 0.2 * (most - least))
        panel.set_title(title)
        panel.xaxis.set_major_formatter(style.percent)
        panel.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    panels[0].set_yticks(range(len(methods)), methods)
    panels[0].set_ylim(len(methods) - 0.4, -0.6)
    _legend(figure, scorers, table)
    return figure


def _order(method: str) -> tuple[int, int]:
    """Return the place of a method in the paper's Figure 1: by function, then by reference."""
    references = ("oracle" in method, "predict" in method, True)
    function = next(name for name in COLOURS if method.startswith(name))
    return list(COLOURS).index(function), references.index(True)


def _bars(panel, rows: pd.DataFrame, methods: list[str], number: int, count: int) -> None:
    """Draw one scorer's bars: filled for the combined models, outlined for the judge."""
    rows = rows.loc[methods]
    height = 0.72 / count
    positions = [position + height * (number - (count - 1) / 2) for position in range(len(methods))]
    colours = [colour_of(method) for method in methods]
    faces = ["white"] * len(methods) if number else colours
    error = [rows.win_rate - rows.ci_low, rows.ci_high - rows.win_rate]
    gains, start = rows.win_rate - rows.base_rate, rows.base_rate
    panel.barh(positions, gains, height * 0.92, left=start, color=faces, edgecolor=colours, lw=1)
    look = {"fmt": "none", "ecolor": "0.15", "capsize": 1.5, "lw": 1}
    panel.errorbar(rows.win_rate, positions, xerr=error, **look)
    for position, value in zip(positions, rows.win_rate, strict=True):
        at = (0.99, position)
        text = f"{100 * value:.1f} %"
        panel.annotate(
            text, at, xycoords=("axes fraction", "data"), fontsize=7, ha="right", va="center"
        )


def _legend(figure: Figure, scorers: list[str], table: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = []
    if len(scorers) > 1:
        handles += [
            Patch(facecolor="0.45", edgecolor="0.45", label=f"scored by {SCORERS['rewards']}"),
            Patch(facecolor="white", edgecolor="0.45", label=f"scored by {SCORERS['judges']}"),
        ]
    if table.method.str.startswith(SHARE).any():
        label = "choosing by the win rate against reference samples"
        handles.append(Line2D([], [], color="black", lw=0.9, label=label))
        if len(scorers) > 1:
            label = "the same choice, scored by the judge"
            handles.append(Line2D([], [], color="black", lw=0.9, ls=(0, (4, 2)), label=label))
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    k, prompts = table.k.iloc[0], table.prompts.iloc[0]
    figure.suptitle(
        f"Best of {k}, {prompts} prompts, 95 % intervals. Bars begin at the win rate of k = 1",
        fontsize=8.5,
    )


if __name__ == "__main__":
    render(draw)
