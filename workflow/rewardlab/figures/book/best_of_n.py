"""Problems solved by the best of n solutions, by the reward model that chooses."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

STYLES = {  # label, colour, dashes, marker
    "process_minimum": ("process RM, minimum", style.KINDS[2], "-", "o"),
    "outcome": ("outcome RM", style.KINDS[0], "-", "s"),
    "outcome_language": ("outcome RM, language loss", style.KINDS[0], ":", "s"),
    "pairs": ("RM of pairs", style.KINDS[3], "-", "D"),
    "generative": ("generative RM", "black", "--", "x"),
    "value": ("value function", style.KINDS[1], "--", "^"),
    "majority vote": ("majority vote", "0.45", "-", "v"),
    "likelihood": ("own likelihood", "0.45", ":", "P"),
    "any (pass@n)": ("any of n (pass@n)", "0.7", "-", ""),
}
WORTHS = {"answer": "right answer", "reasoning": "right answer and steps"}


def draw(table: pd.DataFrame) -> Figure:
    """table: value, low and high by worth, problems, chooser and n."""
    figure, panels = style.new_figure(columns=3, rows=2, height=5.4, sharex=True)
    for row, (worth, title) in enumerate(WORTHS.items()):
        for column, group in enumerate(("all", "hard", "easy")):
            panel = panels[row, column]
            rows = table[table.worth.eq(worth) & table.problems.eq(group)]
            for chooser, (label, colour, dashes, marker) in STYLES.items():
                line = rows[rows.chooser.eq(chooser)]
                if line.empty:
                    continue
                panel.plot(
                    line.n, line.value, color=colour, ls=dashes, marker=marker, ms=4, label=label
                )
                if chooser in ("process_minimum", "outcome", "pairs"):
                    panel.fill_between(line.n, line.low, line.high, color=colour, alpha=0.12, lw=0)
            panel.set_xscale("log", base=2)
            panel.set_xticks(table.n.unique(), table.n.unique())
            panel.set_ylim(-0.03, 1.03)
            panel.yaxis.set_major_formatter(style.percent)
            panel.set_title(f"{'abcdef'[3 * row + column]}. {group} problems")
            if row == 1:
                panel.set_xlabel("n")
            if column == 0:
                panel.set_ylabel(title)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    render(draw)
