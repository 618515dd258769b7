"""Reading and writing tables, and the numbers in captions."""

from pathlib import Path

import pandas as pd

DIGITS = "%.10g"  # of floats in CSV


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table so that equal tables are equal files, and floats keep 10 significant digits."""
    table.to_csv(path, index=False, float_format=DIGITS, lineterminator="\n")


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table that `write_csv` wrote; an empty cell is a missing value, "none" is text."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def share(value: float) -> str:
    """Return a share as a percentage; all and none are said only where they are exact."""
    if value in (0.0, 1.0):
        return f"{100 * value:.0f} %"
    if value < 0.0005:
        return "< 0.1 %"
    if value > 0.9995:
        return "> 99.9 %"
    return f"{100 * value:.1f} %"
