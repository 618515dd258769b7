"""How uniform improvement is over prompts, with raw and with transformed rewards."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from rewardlab.evaluation.sources import BASE, EXACT, TRAINED
from rewardlab.figures import style
from rewardlab.figures.render import render

FILLED = {TRAINED: True, EXACT: False}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per experiment, method, source, scorer, panel and x: value, low, high."""
    shown = table[table.scorer.eq("model")]
    base = shown[shown.source.eq(BASE)].set_index(["experiment", "x"]).value
    shown = shown[shown.source.ne(BASE)]
    experiments = list(shown.experiment.unique())
    figure, grid = style.new_figure(
        columns=4, rows=len(experiments), height=2.7 * len(experiments) + 0.5, squeeze=False
    )
    for line, experiment in zip(grid, experiments, strict=True):
        rows = shown[shown.experiment.eq(experiment)]
        plain = experiment.removeprefix("lsc-")
        _standing(line[0], rows[rows.panel.eq("standing")])
        line[0].set(title=f"a. {plain}: win rate", xlabel="prompt's standing (gold)")
        _bars(line[1], rows[rows.panel.eq("mass")], base[experiment])
        line[1].set(title="b. mass left", xlabel="under the base's\npercentile")
        _single(line[2], rows[rows.panel.eq("unimproved")])
        line[2].set(title="c. not improved", xlabel="share of prompts")
        _single(line[3], rows[rows.panel.eq("unevenness")])
        line[3].set(title="d. unevenness", xlabel="deviation / mean")
        for panel in line[:3]:
            panel.yaxis.set_major_formatter(style.percent)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _series(rows: pd.DataFrame):
    for method, of in style.method_styles(rows.method).items():
        for source, filled in FILLED.items():
            part = rows[rows.method.eq(method) & rows.source.eq(source)]
            options = {"color": of.colour, "mfc": of.colour if filled else "white", "ms": 4.5}
            options |= {"fmt": style.METHOD_MARKERS.get(method, "o"), "capsize": 2, "lw": 1}
            yield part, options | {"label": f"{of.label}, {source}"}


def _points(panel, x, part: pd.DataFrame, options: dict) -> None:
    errors = np.clip([part.value - part.low, part.high - part.value], 0, None)
    panel.errorbar(x, part.value, errors, **options)


def _standing(panel, rows: pd.DataFrame) -> None:
    for part, options in _series(rows):
        _points(panel, part.x, part, options | {"ls": "-" if TRAINED in options["label"] else ":"})


def _bars(panel, rows: pd.DataFrame, base: pd.Series) -> None:
    percents = sorted(rows.x.unique())
    for number, (part, options) in enumerate(_series(rows)):
        ordered = part.sort_values("x")
        places = np.arange(len(percents)) + (number - 1.5) * 0.17
        _points(panel, places, ordered, options)
    for place, percent in enumerate(percents):
        panel.plot([place - 0.4, place + 0.4], [base[percent]] * 2, color="black", lw=0.8)
    panel.set_xticks(range(len(percents)), [f"{percent:g}th" for percent in percents])


def _single(panel, rows: pd.DataFrame) -> None:
    for number, (part, options) in enumerate(_series(rows)):
        _points(panel, [number], part, options | {"clip_on": False})
    panel.set(xticks=[], xlim=(-0.7, 3.7))
    panel.set_ylim(bottom=0)


if __name__ == "__main__":
    render(draw)
