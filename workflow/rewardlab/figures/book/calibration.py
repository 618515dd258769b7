"""What rewards say of being chosen, against what is true."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

LABELS = {
    "reward": "σ(reward): over a random\nbase response",
    "reward less the refusal's": "σ(reward less the refusal's):\nover the refusal",
    "pointwise model": "pointwise model: over a\nrandom base response",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: said and true, means over bins of responses, by series."""
    figure, panel = style.new_figure(height=3.6)
    series = zip(table.series.unique(), style.KINDS, style.MARKERS, strict=False)
    panel.plot([0, 1], [0, 1], color="black", lw=0.8)
    for name, colour, marker in series:
        rows = table[table.series.eq(name)]
        panel.plot(
            rows.said, rows.true, color=colour, marker=marker, ms=5, label=LABELS.get(name, name)
        )
    panel.set(
        xlabel="probability that the model gives",
        ylabel="true probability of being chosen",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    panel.set_aspect("equal")
    panel.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


if __name__ == "__main__":
    render(draw)
