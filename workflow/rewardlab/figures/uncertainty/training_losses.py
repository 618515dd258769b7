"""Figure 8: training losses of the single reward model and of the ensemble's heads."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per model, head and step: loss, smoothed."""
    figure, (alone, heads) = style.new_figure(columns=2, height=3.0, sharey=True)
    single = table[table.model.eq("single model")]
    colour = style.COLOURS["reference"]
    alone.plot(single.step, single.loss, color=colour, alpha=0.35, lw=0.6, label="each step")
    alone.plot(single.step, single.smoothed, color="black", lw=1.6, label="smoothed")
    alone.set(xlabel="step", ylabel="training loss")
    alone.legend(loc="upper right")
    alone.set_title("a  Single reward model")
    ensemble = table[table.model.eq("ensemble")]
    for _, rows in ensemble.groupby("head"):
        heads.plot(
            rows.step, rows.smoothed, color=style.COLOURS["variance-aware"], lw=0.9, alpha=0.6
        )
    mean = ensemble.groupby("step").smoothed.mean()
    heads.plot(mean.index, mean, color="black", lw=1.6, label="mean over heads")
    heads.set(xlabel="step")
    heads.legend(loc="upper right")
    heads.set_title(f"b  {ensemble['head'].nunique()} heads, smoothed")
    highest = max(ensemble.smoothed.max(), single.loss.max())
    lowest = min(ensemble.smoothed.min(), single.loss.min())
    heads.set(yscale="log", ylim=(0.9 * lowest, 1.1 * highest))
    ticks = [
        tick for tick in (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10) if lowest <= tick <= highest
    ]
    heads.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    heads.minorticks_off()
    return figure


if __name__ == "__main__":
    render(draw)
