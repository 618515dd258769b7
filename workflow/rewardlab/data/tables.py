"""Tables that people bring and take away: the name's ending says what the file is.

CSV, JSON lines (.jsonl), a JSON array (.json), each also compressed by gzip, and parquet. Nothing
is lost on the way: an index is kept, texts stay texts, numbers keep all their digits, and a cell of
CSV holds lists, such as chat messages, as JSON.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rewardlab.data.rows import CSV_ENDINGS, PARQUET, ending_of, read_rows
from rewardlab.running.errors import UserError
from rewardlab.running.outputs import final_name

NESTED = (dict, list, tuple, np.ndarray)
Place = Callable[[int], str]
"""From the number of a row (from 0) to "file, line 3"."""


class Table(NamedTuple):
    """A table that was read, and where each of its rows stands."""

    frame: pd.DataFrame
    place: Place


def read_table(path: Path, texts: Iterable[str] = ()) -> Table:
    """Return a table by its name's ending.

    texts: columns that stay texts in CSV, whatever they look like; the others become numbers if
    each cell is written as the number would be ("007" and "1.10" are not), and an empty cell is a
    missing value there. Raises UserError that names the file, and the line where there is one.
    """
    ending = ending_of(path)
    if ending == PARQUET:
        import pyarrow.parquet as parquet

        next(read_rows([path]))  # raises where it is none
        frame = parquet.read_table(path).to_pandas(integer_object_nulls=True)
        return Table(frame, lambda row: f"{path}, row {row + 1}")
    if ending not in CSV_ENDINGS:
        rows = list(read_rows([path]))
        frame = pd.DataFrame([fields for _, fields in rows], dtype=object)
        return Table(frame, lambda row: rows[row][0])
    cells, kept = _read_cells(path), set(texts)
    frame = cells.apply(lambda column: column if column.name in kept else _as_numbers(column))
    return Table(frame, lambda row: next(islice(read_rows([path]), row, None))[0])


def _read_cells(path: Path) -> pd.DataFrame:
    """Return all cells of a CSV file as texts: fast where it is sound, else with what is wrong."""
    ((_, first),) = islice(read_rows([path]), 1)
    try:
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError, EOFError, zlib.error):  # of pandas, or of the decompression
        cells = pd.DataFrame()
    if list(cells.columns) == list(first) and not has_index(cells) and cells.notna().all(axis=None):
        return cells.astype(object)
    return pd.DataFrame([fields for _, fields in read_rows([path])], dtype=object)


def _as_numbers(cells: pd.Series) -> pd.Series:
    """Return a column of texts as numbers, if each is written as the number would be."""
    texts = cells[cells.ne("")]
    numbers = pd.to_numeric(texts, errors="coerce")
    written = numbers.astype(str)
    same = texts.eq(written) | texts.add(".0").eq(written)
    if texts.empty or numbers.isna().any() or not same.all():
        return cells.mask(cells.eq(""))
    if len(texts) < len(cells) and numbers.dtype == "int64":
        numbers = numbers.astype("Int64")
    return numbers.reindex(cells.index)


def check_ending(path: Path) -> None:
    """Raise UserError if the name of a file to write does not say what it is going to be."""
    ending_of(final_name(path))


def check_writable(table: pd.DataFrame, path: Path) -> None:
    """Raise UserError if a table cannot be written under this name, before work is put into it.

    The name has to end in what the file is, and parquet cannot hold every column.
    """
    if ending_of(final_name(path)) == PARQUET:
        _as_arrow(table, path)


def _as_arrow(table: pd.DataFrame, path: Path) -> Any:
    import pyarrow as arrow

    try:
        return arrow.Table.from_pandas(table, preserve_index=None if has_index(table) else False)
    except (arrow.ArrowException, UnicodeEncodeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{final_name(path)}: parquet cannot hold this table ({reason}); a name that ends in "
            ".jsonl makes it JSON lines, which can."
        ) from None


def write_table(table: pd.DataFrame, path: Path, float_format: str | None = None) -> None:
    """Write a table by its name's ending; float_format: of floats in CSV, none: all digits.

    An index that is more than the rows' numbers is kept: in parquet as such, else as columns.
    Raises UserError as `check_writable` does.
    """
    ending = ending_of(final_name(path))
    if ending == PARQUET:
        import pyarrow.parquet as parquet

        parquet.write_table(_as_arrow(table, path), path)
        return
    table = with_index_as_columns(table)
    if ending in CSV_ENDINGS:
        table = table.apply(lambda column: _without_lists(column, path))
        text = table.to_csv(index=False, float_format=float_format, lineterminator="\n")
    else:
        lines = [_json(fields, path) for fields in table.to_dict("records")]
        is_array = ending.removesuffix(".gz") == ".json"
        text = "[\n" + ",\n".join(lines) + "\n]" if is_array else "\n".join(lines)
        text += "\n"
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if ending.endswith(".gz") else data)


def has_index(table: pd.DataFrame) -> bool:
    """Return whether the table has an index that says more than the numbers of its rows."""
    return table.index.name is not None or not table.index.equals(pd.RangeIndex(len(table)))


def with_index_as_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table without index: what it says stands in columns.

    Raises UserError if a column of the same name says something else.
    """
    if not has_index(table):
        return table.reset_index(drop=True)
    index = table.index.to_frame(index=False)
    named = {name: "index" if table.index.name is None else name for name in index}
    index = index.rename(columns=named) if table.index.nlevels == 1 else index
    for name in [name for name in index if name in table]:
        if not index[name].equals(table[name].reset_index(drop=True)):
            raise UserError(
                f"the table's index and one of its columns are both called {name!r}, and differ; "
                "expected another name for one of them."
            )
        index = index.drop(columns=name)
    return pd.concat([index, table.reset_index(drop=True)], axis=1)


def _json(fields: Any, path: Path) -> str:
    try:
        return json.dumps(_plain(fields), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise UserError(
            f"{final_name(path)}: JSON cannot hold an infinite number; a name that ends in .csv "
            "makes it CSV, which can."
        ) from None


def _without_lists(column: pd.Series, path: Path) -> pd.Series:
    if column.dtype != object:
        return column
    return column.map(lambda cell: _json(cell, path) if isinstance(cell, NESTED) else cell)


def _plain(value: Any) -> Any:
    """Return a cell as JSON can hold it: what is missing as null."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    return value if isinstance(value, str | int | float) else str(value)
