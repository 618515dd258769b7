"""Turns a figure module's `draw` into a stage: one tidy table in, an SVG and a PNG out."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.data.rows import CSV_ENDINGS, ending_of
from rewardlab.data.tables import read_table
from rewardlab.evaluation.tables import read_csv
from rewardlab.figures import style
from rewardlab.running.errors import UserError
from rewardlab.running.outputs import final_name
from rewardlab.running.stage import Input, Output, main, stage

# What comes of columns that are missing, or of another kind.
WRONG_TABLE = (AttributeError, LookupError, StopIteration, TypeError, ValueError)


def render(draw: Callable[[pd.DataFrame], Figure]) -> None:
    """Run the figure module whose `draw` maps its table to a figure.

    Where that fails on a table which somebody brings, the message is what the table should be.
    """

    @stage
    def figure(table: Input, svg: Output, png: Output) -> None:
        for path, ending in ((svg, ".svg"), (png, ".png")):
            if final_name(path).suffix != ending:
                raise UserError(f"{final_name(path)}: expected a name that ends in {ending}.")
        style.apply()
        rows = read_drawn(table)
        try:
            drawn = style.finish(draw(rows))
        except WRONG_TABLE as error:
            columns = ", ".join(map(str, rows.columns))
            what = " ".join((inspect.getdoc(draw) or "").split(".")[0].split())
            raise UserError(
                f"{table} is not what this figure is drawn of ({_reason(error, rows)}); its "
                f"columns are {columns}; expected {what}."
            ) from error
        drawn.savefig(svg, format="svg", metadata={"Date": None})
        drawn.savefig(png, format="png", metadata={"Software": None})

    figure.__module__ = draw.__module__
    main(figure)


def _reason(error: Exception, rows: pd.DataFrame) -> str:
    """Return what is wrong with a table: a column that is missing, or what the library says."""
    missing = error.name if isinstance(error, AttributeError) else error.args and error.args[0]
    if isinstance(error, AttributeError | KeyError) and missing not in rows:
        return f"it has no {missing!r}"
    return " ".join(str(error).split()) or type(error).__name__


def read_drawn(path: Path) -> pd.DataFrame:
    """Return a table by its name's ending; raises UserError if it cannot be read."""
    if ending_of(path) not in CSV_ENDINGS:
        return read_table(path).frame
    try:
        return read_csv(path)
    except ValueError as error:  # also of an empty file, of broken lines, and of other encodings
        if not path.read_bytes().strip():
            raise UserError(f"{path} is empty; expected rows.") from None
        raise UserError(f"{path} cannot be read as CSV ({' '.join(str(error).split())}).") from None
