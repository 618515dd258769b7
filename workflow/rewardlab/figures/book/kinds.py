"""What kinds of reward model say along solutions, and from what is expected there."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit

from rewardlab.figures import style
from rewardlab.figures.render import render

LINES = {  # label, colour, dashes: what is said at every token
    "outcome": ("outcome RM", style.KINDS[0], "-"),
    "value": ("value function", style.KINDS[1], "--"),
}
POINTS = {  # label, colour, marker: what is said at steps, or at last
    "process": ("process RM", style.KINDS[2], "o"),
    "pairs": ("RM of pairs, σ", style.KINDS[3], "D"),
    "generative": ("generative RM", "black", "x"),
}
LOG_ODDS = ("pairs", "generative")
EXPECTED = {  # kind, policy: label, colour, marker
    ("outcome", "base"): ("outcome RM", style.KINDS[0], "o"),
    ("value", "base"): ("value function", style.KINDS[1], "s"),
    ("outcome", "greedy"): ("outcome RM", style.KINDS[0], "o"),
    ("value, greedy policy", "greedy"): ("value function, refitted", style.KINDS[2], "^"),
}
BINS = 8
SHORT = {"answer": "→", "<end>": ""}


def draw(table: pd.DataFrame) -> Figure:
    """table: what kinds say (said) at tokens of examples, and at prefixes beside expectations."""
    tokens = table[table.panel.eq("tokens")]
    examples = tokens.example.unique()
    figure = style.blank_figure(height=1.9 * len(examples) + 3.2)
    grid = figure.add_gridspec(len(examples) + 1, 2, height_ratios=[1.9] * len(examples) + [3.0])
    for number, example in enumerate(examples):
        panel = figure.add_subplot(grid[number, :])
        _along_tokens(panel, tokens[tokens.example.eq(example)])
        panel.set_title(f"{'abc'[number]}. {example}")
        if number == 0:
            panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05))
    prefixes = table[table.panel.eq("prefixes")]
    named = {}
    for column, policy in enumerate(("base", "greedy")):
        panel = figure.add_subplot(grid[len(examples), column])
        _against_expected(panel, prefixes, policy)
        panel.set_title(f"{'de'[column]}. the {policy} policy goes on")
        named |= {line.get_label(): line for line in panel.lines if line.get_label()[0] != "_"}
    panel.legend(handles=named.values(), loc="upper left", bbox_to_anchor=(1.0, 1.05))
    return figure


def _along_tokens(panel, rows: pd.DataFrame) -> None:
    words = rows.drop_duplicates("place").sort_values("place")
    for kind, (label, colour, dashes) in LINES.items():
        of_kind = rows[rows.kind.eq(kind)].sort_values("place")
        panel.plot(of_kind.place, of_kind.said.clip(0, 1), color=colour, ls=dashes, label=label)
    for kind, (label, colour, marker) in POINTS.items():
        of_kind = rows[rows.kind.eq(kind) & rows.said.notna()]
        said = expit(of_kind.said) if kind in LOG_ODDS else of_kind.said
        panel.scatter(of_kind.place, said, color=colour, marker=marker, s=26, label=label, zorder=3)
    start = words.token.tolist().index("?") + 1 if "?" in words.token.tolist() else 0
    panel.axvspan(-0.5, start - 0.5, color="0.93", lw=0)
    panel.set_xticks(words.place, [SHORT.get(text, text) for text in words.token])
    panel.tick_params(axis="x", labelsize=7)
    panel.set(ylim=(-0.05, 1.05), xlim=(-0.5, len(words) - 0.5), ylabel="said")


def _against_expected(panel, prefixes: pd.DataFrame, policy: str) -> None:
    panel.plot([0, 1], [0, 1], color="black", lw=0.8)
    for (kind, of_policy), (label, colour, marker) in EXPECTED.items():
        rows = prefixes[prefixes.kind.eq(kind) & prefixes.policy.eq(policy)]
        if of_policy != policy or rows.empty:
            continue
        panel.scatter(rows.said, rows.expected, s=6, color=colour, alpha=0.25, lw=0)
        ordered = rows.sort_values("said")
        parts = np.array_split(np.arange(len(ordered)), min(BINS, len(ordered)))
        means = [ordered.iloc[part][["said", "expected"]].mean() for part in parts]
        panel.plot(
            [mean.said for mean in means],
            [mean.expected for mean in means],
            color=colour,
            marker=marker,
            ms=5,
            label=label,
        )
    panel.set(
        xlabel="said at the beginning of a solution",
        ylabel="right answers from there on",
        xlim=(-0.05, 1.05),
        ylim=(-0.05, 1.05),
    )


if __name__ == "__main__":
    render(draw)
