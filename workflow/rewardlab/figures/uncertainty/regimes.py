"""When a variance-weighted penalty pays: bandits above, the embedded world's fixed points below."""

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from rewardlab.figures import style
from rewardlab.figures.render import render

SHOWN = 1.0  # the exponent of section 5
RANGE = 8.0  # of the colours, as a factor; what lies beyond has the same
LIMITS = (0.2, 20.0)
COLOURS = (*style.KINDS, "#56B4E9", "#D55E00", "#000000")
SOURCES = {
    ("ensemble", "mean"): ("σ of the ensemble", style.KINDS[0], "-"),
    ("known", "mean"): ("σ of all ensembles' heads", style.KINDS[2], (0, (4, 1.5))),
    ("shuffled", "mean"): ("σ shuffled over responses", style.KINDS[1], (0, (1, 1))),
    ("ensemble", "each"): (
        "σ of the ensemble, every policy at this KL",
        "black",
        (0, (3, 1, 1, 1)),
    ),
}


def draw(table: pd.DataFrame) -> Figure:
    """table: rows of the panels bandit and world: ratio with its interval, divergence, exponent.

    Of bandits: noise, heterogeneity, heads, small_divergence; of the world: name, gold, sigma,
    match, gain, samples and effective ones.
    """
    shown = table[table.exponent.eq(SHOWN)].replace(np.inf, np.nan)
    bandit, world = (shown[shown.panel.eq(panel)] for panel in ("bandit", "world"))
    common = world[world["match"].eq("mean")]
    figure = style.blank_figure(8.4)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(2.6, 2.9, 2.9))
    _maps(top, bandit)
    left, right = middle.subplots(1, 2)
    _closed_form(left, bandit)
    _by_divergence(right, common[common.sigma.eq("ensemble") & common.gold.eq("equal")])
    left, right = bottom.subplots(1, 2)
    _controls(left, world[world.gold.eq("equal")])
    _gains(right, common[common.sigma.eq("ensemble")])
    return figure


def _maps(figure, bandit: pd.DataFrame) -> None:
    """Draw the ratio by noise and heterogeneity, for every source of sigma."""
    divergence = bandit.divergence.max()
    rows = bandit[bandit.divergence.eq(divergence)]
    sources = sorted(rows["heads"].unique(), key=lambda heads: -(heads or np.inf))
    panels = np.atleast_1d(figure.subplots(1, len(sources), sharey=True))
    for panel, heads in zip(panels, sources, strict=True):
        grid = rows[rows["heads"].eq(heads)].pivot(
            index="heterogeneity", columns="noise", values="ratio"
        )
        norm = LogNorm(1 / RANGE, RANGE, clip=True)
        panel.imshow(grid, cmap="PuOr", norm=norm, origin="lower", aspect="auto")
        for (row, column), value in np.ndenumerate(grid.to_numpy()):
            ink = "white" if abs(np.log(value)) > np.log(RANGE) * 0.7 else "black"
            panel.annotate(
                f"{value:.2g}", (column, row), ha="center", va="center", fontsize=8, color=ink
            )
        panel.set_xticks(range(grid.shape[1]), [f"{noise:g}" for noise in grid.columns])
        panel.set_yticks(range(grid.shape[0]), [f"{spread:g}" for spread in grid.index])
        panel.set_title(f"σ of {heads:g} heads" if heads else "σ known")
        panel.set_xlabel("noise over signal")
    panels[0].set_ylabel("coefficient of\nvariation of σ")
    figure.suptitle(
        f"Bandits at {divergence:g} nats: variance of the true return, vanilla : variance-aware",
        fontsize=9,
        x=0.01,
        ha="left",
    )


def _closed_form(panel, bandit: pd.DataFrame) -> None:
    """Draw the closed form for small divergences, and the bandits' ratios, with sigma known."""
    known = bandit[bandit["heads"].eq(0)]
    small = known.divergence.min()
    for number, (spread, rows) in enumerate(known.groupby("heterogeneity")):
        colour = COLOURS[number % len(COLOURS)]
        line = rows[rows.divergence.eq(small)].sort_values("noise")
        panel.plot(line.noise, line.small_divergence, color=colour, lw=1, label=f"{spread:g}")
        panel.errorbar(
            line.noise, line.ratio, yerr=_error(line), fmt="o", ms=4, color=colour, capsize=2
        )
    _ratio_axis(panel, (0.8, 40.0))
    panel.set_xscale("log")
    noises = sorted(known.noise.unique())
    panel.set_xticks(noises, [f"{noise:g}" for noise in noises])
    panel.minorticks_off()
    panel.set(xlabel="noise over signal", ylabel="variance, vanilla : aware")
    panel.set_title(f"σ known: closed form (lines), {small:g} nats (dots)")
    panel.legend(title="coefficient of variation", ncols=2, title_fontsize=8)


def _by_divergence(panel, rows: pd.DataFrame) -> None:
    """Draw the ratio against the divergence, by heads."""
    for number, (_, line) in enumerate(rows.groupby("name", sort=False)):
        first = line.iloc[0]
        label = (
            f"{first['kind']}, {first.pairs:,.0f} pairs (noise {first.noise / first.signal:.2f})"
        )
        at = line.divergence * (1 + 0.015 * (number - 2))
        panel.errorbar(
            at,
            line.ratio,
            yerr=_error(line),
            color=COLOURS[number % len(COLOURS)],
            marker=style.MARKERS[number % len(style.MARKERS)],
            ms=4,
            lw=1.2,
            capsize=2,
            label=label,
        )
    _divergence_axis(panel, rows)
    ticks = [
        f"{divergence:g}\n({part.effective.mean():.0f})"
        for divergence, part in rows.groupby("divergence")
    ]
    panel.set_xticks(sorted(rows.divergence.unique()), ticks)
    samples = rows.samples.iloc[0]
    panel.set_xlabel(f"KL, nats (what {samples:.0f} samples are worth)")
    panel.set_title("embedded world, σ of the ensemble's heads")
    panel.legend(fontsize=7)


def _controls(panel, rows: pd.DataFrame) -> None:
    """Draw the ratio against the divergence, for the heads with controls, by what was varied."""
    name = next(iter(rows[rows.sigma.eq("shuffled")].name), None)
    if name is None:  # at these sizes no path goes far enough
        panel.set_visible(False)
        return
    for number, ((sigma, match), (label, colour, dashes)) in enumerate(SOURCES.items()):
        line = rows[rows.name.eq(name) & rows.sigma.eq(sigma) & rows["match"].eq(match)]
        look = {"marker": style.MARKERS[number], "ms": 4, "lw": 1.2, "capsize": 2}
        panel.errorbar(
            line.divergence,
            line.ratio,
            yerr=_error(line),
            color=colour,
            ls=dashes,
            label=label,
            **look,
        )
    _divergence_axis(panel, rows)
    pairs = rows[rows.name.eq(name)].pairs.iloc[0]
    panel.set_title(f"embedded world, heads of {pairs:,.0f} pairs")
    panel.legend(fontsize=7, loc="lower right")


def _gains(panel, rows: pd.DataFrame) -> None:
    """Draw the difference of mean returns against the ratio of variances."""
    for number, (_, line) in enumerate(rows.groupby("name", sort=False)):
        colour = COLOURS[number % len(COLOURS)]
        marker = style.MARKERS[number % len(style.MARKERS)]
        for gold, part in line.groupby("gold", sort=False):
            face = colour if gold == "equal" else "none"
            sizes = 10 + 30 * part.divergence / rows.divergence.max()
            panel.scatter(
                part.ratio, part.gain, s=sizes, marker=marker, edgecolor=colour, facecolor=face
            )
    panel.axhline(0, color="0.6", lw=0.8)
    panel.axvline(1, color="0.6", lw=0.8)
    panel.set_xscale("log")
    ticks = [
        tick
        for tick in (0.3, 0.5, 1, 2, 3, 5)
        if rows.ratio.min() * 0.8 < tick < rows.ratio.max() * 1.3
    ]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set(xlabel="variance, vanilla : aware", ylabel="mean reward, aware − vanilla")
    panel.set_title("mean and variance (hollow: dialect worse;\nlarger: further from the base)")


def _error(line: pd.DataFrame) -> list[pd.Series]:
    """Return how far the interval of the ratio goes below and above it."""
    return [(line.ratio - line.ci_low).clip(0), (line.ci_high - line.ratio).clip(0)]


def _divergence_axis(panel, rows: pd.DataFrame) -> None:
    _ratio_axis(panel, LIMITS)
    panel.set_xscale("log")
    ticks = sorted(rows.divergence.unique())
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set(xlabel="KL divergence, nats", ylabel="variance, vanilla : aware")


def _ratio_axis(panel, limits: tuple[float, float]) -> None:
    panel.axhline(1, color="0.6", lw=0.8)
    panel.set_yscale("log")
    panel.set_ylim(*limits)
    panel.set_yticks(
        [tick for tick in (0.2, 0.5, 1, 2, 5, 10, 20) if limits[0] <= tick <= limits[1]]
    )
    panel.yaxis.set_major_formatter(ScalarFormatter())
    panel.yaxis.set_minor_formatter(NullFormatter())


if __name__ == "__main__":
    render(draw)
