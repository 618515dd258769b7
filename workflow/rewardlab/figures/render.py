"""Turns a figure module's `draw` into a stage: one tidy table in, an SVG and a PNG out."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.evaluation.tables import read_csv
from rewardlab.figures import style
from rewardlab.running.stage import Input, Output, main, stage


def render(draw: Callable[[pd.DataFrame], Figure]) -> None:
    """Run the figure module whose `draw` maps its table to a figure."""

    @stage
    def figure(table: Input, svg: Output, png: Output) -> None:
        style.apply()
        drawn = style.finish(draw(read_csv(table)))
        drawn.savefig(svg, format="svg", metadata={"Date": None})
        drawn.savefig(png, format="png", metadata={"Software": None})

    figure.__module__ = draw.__module__
    main(figure)
