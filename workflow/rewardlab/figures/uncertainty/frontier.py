"""Judged reward, proxy reward and variance against the divergence, by method."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

PANELS = {
    "judged": "judged reward",
    "proxy": "proxy reward, end of training",
    "variance": "variance of the judged reward",
    "unexplained_variance": "the same beside its line in KL",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per method and factor: kl and the quantities of PANELS."""
    figure, panels = style.new_figure(columns=2, rows=2, height=5.0, sharex=True)
    trained = table[table.method.ne("reference")]
    styles = style.method_styles(trained.method)
    for panel, (quantity, title) in zip(panels.flat, PANELS.items(), strict=True):
        for number, (method, rows) in enumerate(trained.groupby("method", sort=False)):
            name, colour, dashes = styles[method]
            line = rows.sort_values("kl")
            panel.plot(
                line.kl,
                line[quantity],
                color=colour,
                ls=dashes,
                marker=style.MARKERS[number],
                label=name,
            )
            if f"{quantity}_low" in line:
                low, high = line[f"{quantity}_low"], line[f"{quantity}_high"]
                panel.fill_between(line.kl, low, high, color=colour, alpha=0.15, lw=0)
        panel.set_title(title)
    base = table[table.method.eq("reference")].judged.mean()
    panels[0, 0].axhline(base, color=style.COLOURS["reference"], lw=0.9, ls=":", label="reference")
    panels[0, 0].legend()
    for panel in panels[1]:
        panel.set_xlabel("KL divergence from the reference, nats")
        panel.axhline(0, color="0.7", lw=0.7)
    return figure


if __name__ == "__main__":
    render(draw)
