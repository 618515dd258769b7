"""The log-sigmoid of the centred reward, and where the base model's rewards lie."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

DRAWN = {  # label, colour, dashes; what is left out is one of these with another zero
    "centred": ("reward less reference", style.COLOURS["variance-unaware"], "-"),
    "lsc": ("LSC: its log-sigmoid", style.COLOURS["variance-aware"], "--"),
}
TITLES = {"utility": "a. utility", "slope": "b. what a unit of reward is worth"}


def draw(table: pd.DataFrame) -> Figure:
    """table: utility and slope of lines over x, and shares of the base's rewards by bins of x."""
    figure, panels = style.new_figure(columns=2, height=3.2)
    base = table[table.panel.eq("base")]
    for panel, (quantity, title) in zip(panels, TITLES.items(), strict=True):
        behind = panel.twinx()
        names = base.name.unique()
        for colour, name in zip(style.KINDS[1:], names, strict=False):
            rows = base[base.name.eq(name)]
            behind.fill_between(rows.x, rows["share"], step="mid", color=colour, alpha=0.3, lw=0)
            behind.step(rows.x, rows["share"], where="mid", color=colour, lw=0.8, label=name)
        behind.set(ylim=(0, 2.2 * base["share"].max()), yticks=[])
        behind.spines["right"].set_visible(False)
        for name, (label, colour, dashes) in DRAWN.items():
            rows = table[table.panel.eq("line") & table.name.eq(name)]
            panel.plot(rows.x, rows[quantity], color=colour, ls=dashes, lw=1.8, label=label)
        panel.axvline(0, color="black", lw=0.6)
        panel.set(title=title, xlabel="reward less its reference", xlim=(-6, 4))
        panel.set_zorder(behind.get_zorder() + 1)
        panel.patch.set_visible(False)
        if quantity == "slope":
            panel.set_ylim(0, 1.1)
            behind.legend(loc="center left", title="base model's responses", title_fontsize=8)
    panels[0].set_ylim(-6.2, 4.2)
    panels[0].legend(loc="upper left")
    return figure


if __name__ == "__main__":
    render(draw)
