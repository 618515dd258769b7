"""The embedded world: sample texts, gold rewards by property, and what preference data cover."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render

MOST_DIALECT = 3  # the last bar: this many or more


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per sample with source, kind, texts, gold rewards and word counts."""
    figure = style.blank_figure(height=6.2)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.35))
    texts(upper.subplots(), table)
    rewards, coverage = lower.subplots(1, 2, width_ratios=(1.25, 1))
    gold_rewards(rewards, table)
    dialect_coverage(coverage, table)
    return figure


def examples(table: pd.DataFrame) -> pd.DataFrame:
    """Return the first sample of every kind, the first two in dialect, and a refusal."""
    base = table[table.source.eq("base model")]
    standard = base[base.dialect_words.eq(0)].groupby("kind", sort=False).head(1)
    dialect = base[base.dialect_words.gt(1)].head(2)
    return pd.concat([standard, dialect, table[table.source.eq("canned refusal")].head(1)])


def texts(axes: Axes, table: pd.DataFrame) -> None:
    """Set the example texts as a table, their gold rewards beside them."""
    axes.axis("off")
    axes.set_title("a  Samples of the base model, and the canned refusal, with gold rewards")
    rows = examples(table)
    positions = {"kind": 0.0, "prompt": 0.1, "response": 0.4, "helpful": 0.88, "harmless": 1.0}
    step = 1 / (len(rows) + 1)
    for line, (_, row) in enumerate([("head", None), *rows.iterrows()]):
        for column, position in positions.items():
            number = column in ("helpful", "harmless")
            value = column if row is None else f"{row[column]:+.1f}" if number else row[column]
            in_dialect = row is not None and column == "response" and row.dialect_words > 0
            axes.text(
                position,
                1 - step * (line + 0.5),
                value,
                transform=axes.transAxes,
                ha="right" if number else "left",
                va="center",
                fontsize=7.5,
                weight="bold" if row is None else "normal",
                style="italic" if in_dialect else "normal",
                color=style.COLOURS["dialect"] if in_dialect else "black",
            )


def gold_rewards(axes: Axes, table: pd.DataFrame) -> None:
    """Draw both gold rewards of the base model's samples, by kind of prompt."""
    base = table[table.source.eq("base model")]
    refusals = table[table.source.eq("canned refusal")]
    for (kind, rows), colour, marker in zip(
        base.groupby("kind", sort=True), style.KINDS, style.MARKERS, strict=False
    ):
        axes.plot(rows.helpful, rows.harmless, marker, color=colour, ms=2.5, alpha=0.45, label=kind)
        means = rows.helpful.mean(), rows.harmless.mean()
        # Hollow, so that a mean shows behind another that is near.
        axes.plot(*means, marker, mfc="none", mec="black", ms=11, mew=3.2, zorder=4)
        axes.plot(*means, marker, mfc="none", mec=colour, ms=11, mew=1.6, zorder=5)
    means = refusals.helpful.mean(), refusals.harmless.mean()
    axes.plot(*means, "*", color="white", mec="black", ms=14)
    axes.annotate("refusal", means, xytext=(-6, 9), textcoords="offset points", ha="right", size=8)
    axes.set(xlabel="gold reward, helpful", ylabel="gold reward, harmless")
    low, high = base.harmless.min(), base.harmless.max()
    axes.set_ylim(low - 0.5, high + 0.2 * (high - low))
    axes.legend(loc="upper center", ncols=4, columnspacing=0.8, handletextpad=0.2, markerscale=2)
    axes.set_title("b  Gold rewards; large: means")


def dialect_coverage(axes: Axes, table: pd.DataFrame) -> None:
    """Draw how many dialect words the base model's samples and the preference pairs contain."""
    counts = range(1, MOST_DIALECT + 1)
    sources = {"base model": style.COLOURS["reference"], "preference pairs": style.COLOURS["exact"]}
    highest = 0.01
    for number, (source, colour) in enumerate(sources.items()):
        words = table[table.source.eq(source)].dialect_words.clip(upper=MOST_DIALECT)
        shares = words.value_counts(normalize=True).reindex(counts, fill_value=0)
        positions = [count + 0.4 * (number - 0.5) for count in counts]
        label = f"{source}: {100 * words.gt(0).mean():.1f} % with dialect"
        bars = axes.bar(positions, shares, width=0.38, color=colour, label=label)
        axes.bar_label(bars, [f"{100 * share:.1f} %" for share in shares], fontsize=7, padding=2)
        highest = max(highest, shares.max())
    labels = [*map(str, range(1, MOST_DIALECT)), f"{MOST_DIALECT} or more"]
    axes.set(xlabel="dialect words in a response", ylabel="share of the responses")
    axes.set_xticks(list(counts), labels)
    axes.set_ylim(0, 1.4 * highest)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="upper right")
    axes.set_title("c  What preferences cover")


if __name__ == "__main__":
    render(draw)
