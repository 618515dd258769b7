"""The one place that says what figures look like."""

from collections.abc import Iterable
from typing import NamedTuple

import matplotlib
import seaborn as sns
from matplotlib.figure import Figure

# Okabe and Ito's palette, which readers with any common colour blindness can tell apart.
COLOURS = {
    "reference": "#555555",
    "truth": "#009E73",
    "variance-unaware": "#D55E00",
    "variance-aware": "#0072B2",
    "printed": "#D55E00",
    "inverted": "#E69F00",
    "exact": "#0072B2",
    "optimiser": "#000000",
    "dialect": "#CC79A7",
}
KINDS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D")
METHOD_MARKERS = {"raw": "o", "weighted": "s", "lsc": "^", "sigmoid_and": "D"}


class MethodStyle(NamedTuple):
    """How a method that policies are trained by is drawn."""

    label: str
    colour: str
    dashes: str | tuple


METHODS = {
    "reference": MethodStyle("reference", COLOURS["reference"], ":"),
    "vanilla": MethodStyle("vanilla", COLOURS["variance-unaware"], "-"),
    "variance_aware": MethodStyle("variance-aware", COLOURS["variance-aware"], "--"),
    "variance_aware_squared": MethodStyle(
        "variance-aware, σ²", COLOURS["dialect"], (0, (4, 1, 1, 1))
    ),
    "raw": MethodStyle("raw", COLOURS["variance-unaware"], "-"),
    "weighted": MethodStyle("raw, weighted", COLOURS["inverted"], (0, (6, 2))),
    "lsc": MethodStyle("LSC", COLOURS["variance-aware"], "--"),
    "sigmoid_and": MethodStyle("sigmoid_AND", COLOURS["dialect"], (0, (4, 1, 1, 1))),
}
OTHER_COLOURS = ("#009E73", "#E69F00", "#56B4E9", "#000000", "#F0E442")
OTHER_DASHES = ((0, (6, 2)), (0, (1, 1)), (0, (3, 1, 1, 1, 1, 1)))
WIDTH = 7.2  # inches, a full text width

SETTINGS = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.hashsalt": "rewardlab",
    "svg.fonttype": "path",
}


def percent(value: float, _position: int | None = None) -> str:
    """Return a share as a percentage with no more digits than it needs, for ticks."""
    return f"{100 * value:.4g} %"


def method_styles(methods: Iterable[str]) -> dict[str, MethodStyle]:
    """Return how to draw methods; one without a style of its own gets the next free one."""
    found = {}
    for method in dict.fromkeys(methods):
        number = len([name for name in found if name not in METHODS])
        colour = OTHER_COLOURS[number % len(OTHER_COLOURS)]
        dashes = OTHER_DASHES[number % len(OTHER_DASHES)]
        label = method.replace("_", " ")
        found[method] = METHODS.get(method, MethodStyle(label, colour, dashes))
    return found


def apply() -> None:
    """Set the style for all figures of this process, which draws to files only."""
    matplotlib.use("agg")
    sns.set_theme(style="ticks", rc=SETTINGS)


def new_figure(columns: int = 1, rows: int = 1, height: float = 3.2, **options):
    """Return a figure of full text width and its axes, as `plt.subplots` does."""
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, figsize=(WIDTH, height), **options)


def blank_figure(height: float) -> Figure:
    """Return a figure of full text width without axes, for panels of unequal rows."""
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(WIDTH, height))


def finish(figure: Figure) -> Figure:
    """Take away what carries no information, on every panel."""
    sns.despine(figure)
    return figure
