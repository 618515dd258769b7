"""Theorems 2.2, 3.3 and 3.6 of the uncertainty paper, each checked by computation."""

import re

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render

FORMS = {
    "printed": ("printed", style.COLOURS["printed"], "s"),
    "inverted": ("inverted", style.COLOURS["inverted"], "^"),
    "chi-square": ("χ²", style.COLOURS["exact"], "o"),
}
POLICIES = {
    "PPO's fixed point": ("PPO's fixed point", style.COLOURS["truth"], ":", "^"),
    "as printed": ("as printed", style.COLOURS["printed"], "--", "s"),
    "numeric": ("numeric optimiser", style.COLOURS["optimiser"], "-", "x"),
}

# The printed form after a constant was added to all rewards, which should change nothing.
SHIFTED = re.compile("as printed, rewards")


def draw(table: pd.DataFrame) -> Figure:
    """table: the long table of the theorem checks."""
    figure = style.blank_figure(height=6.6)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.1, 1))
    bound = table[table.theorem.eq(2.2)]
    dimensions = sorted(bound.dimension.unique())
    panels = upper.subplots(1, len(dimensions), sharey=True, squeeze=False)[0]
    for panel, dimension in zip(panels, dimensions, strict=True):
        coverage(panel, bound[bound.dimension.eq(dimension)])
        panel.set_title(f"dimension {dimension}")
    panels[0].set_title(f"a  Theorem 2.2, dimension {dimensions[0]}")
    panels[0].set_ylabel("actual coverage")
    handles, labels = panels[0].get_legend_handles_labels()
    order = [1, 2, 3, 4, 5, 6, 0]  # a column for each form
    upper.legend(
        [handles[index] for index in order],
        [labels[index] for index in order],
        loc="outside lower center",
        ncols=4,
        columnspacing=1.2,
        handletextpad=0.3,
    )
    risk, optimum = lower.subplots(1, 2)
    underperformance(risk, table[table.theorem.eq(3.3)])
    equal_budget(optimum, table[table.theorem.eq(3.6)])
    return figure


def coverage(axes: Axes, table: pd.DataFrame) -> None:
    """Draw promised against actual coverage; on the diagonal a promise is kept exactly.

    Lines are closed forms; filled points are draws of the norm event, open points draws of the
    inequality itself at the largest true reward.
    """
    inequality = max(table.quantity.unique(), key=lambda name: (name != "norm event", name))
    axes.plot([0, 1], [0, 1], color="0.75", lw=1, zorder=0, label="promise kept exactly")
    for form, (label, colour, marker) in FORMS.items():
        rows = table[table.series.eq(form)].sort_values("at")
        for quantity, line, fill in (("norm event", "-", colour), (inequality, ":", "white")):
            exact = rows[rows.quantity.eq(quantity) & rows.source.eq("closed form")]
            drawn = rows[rows.quantity.eq(quantity) & rows.source.eq("drawn")]
            axes.plot(exact["at"], exact.value, line, color=colour, lw=1.3)
            what = "norm event" if quantity == "norm event" else "inequality"
            axes.plot(
                drawn["at"],
                drawn.value,
                marker,
                color=colour,
                markerfacecolor=fill,
                ms=4.5,
                label=f"{label}: {what}",
            )
    axes.set(xlabel="promised coverage", xlim=(0.45, 1.03), ylim=(-0.04, 1.04))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def underperformance(axes: Axes, table: pd.DataFrame) -> None:
    """Draw both methods' probabilities of doing worse than the reference."""
    chances = table[table.quantity.eq("probability of underperforming")]
    for method, marker in (("variance-unaware", "s"), ("variance-aware", "o")):
        rows = chances[chances.series.eq(method)]
        exact, drawn = rows[rows.source.eq("closed form")], rows[rows.source.eq("drawn")]
        colour = style.COLOURS[method]
        error = [drawn.value - drawn.ci_low, drawn.ci_high - drawn.value]
        axes.plot(exact["at"], exact.value, color=colour, lw=1.4)
        axes.errorbar(
            drawn["at"], drawn.value, yerr=error, fmt=marker, ms=4.5, color=colour, label=method
        )
    axes.set(xscale="log", xlabel="largest / smallest variance", ylabel="P(worse than reference)")
    axes.set_ylim(0, 1.35 * chances.value.max())
    axes.legend(loc="upper left", title="lines: closed form; points: drawn", title_fontsize=8)
    axes.set_title("b  Theorem 3.3")


def equal_budget(axes: Axes, table: pd.DataFrame) -> None:
    """Draw how much expected reward each form loses against the true optimum, by budget."""
    rewards = table[table.quantity.eq("expected reward")]
    rewards = rewards.assign(series=rewards.series.where(rewards.source.ne("optimiser"), "numeric"))
    rewards = rewards.pivot(index="at", columns="series", values="value")
    shifted = {
        name: (name, style.COLOURS["inverted"], "--", marker)
        for name, marker in zip(filter(SHIFTED.match, rewards.columns), "v<>", strict=False)
    }
    for name, (label, colour, line, marker) in (POLICIES | shifted).items():
        lost = rewards["true optimum"] - rewards[name]
        axes.plot(lost.index, lost, line, marker=marker, ms=5, color=colour, label=label)
    axes.set(xlabel="budget ε of the weighted KL", ylabel="reward lost to the true optimum")
    axes.set_yscale("symlog", linthresh=1e-3)
    axes.set(ylim=(-3e-4, 60), yticks=[0, 1e-3, 1e-2, 1e-1, 1])
    axes.legend(loc="upper left", ncols=2, columnspacing=1.0)
    axes.set_title("c  Theorem 3.6, at equal budget")


if __name__ == "__main__":
    render(draw)
