"""Rows of data files, each with the place that it came from, so that errors can name it."""

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rewardlab.running.errors import UserError

Row = tuple[str, dict[str, Any]]  # "file, line 3" and its fields

TEXT_ENDINGS = (".jsonl", ".jsonl.gz", ".json", ".json.gz")


def read_rows(files: Sequence[Path]) -> Iterator[Row]:
    """Yield every row of JSON-lines (plain or gzip) and parquet files, in order.

    Raises UserError, with file and line, on a file that is empty, truncated or of another kind, and
    on a line that is no JSON object.
    """
    for file in files:
        name = file.name.lower()
        if name.endswith(".parquet"):
            yield from _parquet_rows(file)
        elif name.endswith(TEXT_ENDINGS):
            yield from _json_rows(file)
        else:
            known = ", ".join((*TEXT_ENDINGS, ".parquet"))
            raise UserError(f"{file} is of an unknown kind; expected one of {known}.")


def _json_rows(file: Path) -> Iterator[Row]:
    number = 0
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield f"{file}, line {number}", _json_object(line, f"{file}, line {number}")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(
            f"{file}, after line {number}: the gzip data is truncated or broken ({error})."
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{file}, after line {number}: not UTF-8 text ({error.reason}).") from None
    if number == 0:
        raise UserError(f"{file} is empty; expected one JSON object a line.")


def _json_object(line: str, location: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{location}: not JSON ({error.msg} at column {error.colno}).") from None
    if not isinstance(value, dict):
        raise UserError(f"{location}: expected a JSON object, found {type(value).__name__}.")
    return value


def _parquet_rows(file: Path) -> Iterator[Row]:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(file) as table:
            if table.metadata.num_rows == 0:
                raise UserError(f"{file} is empty; expected rows.")
            number = 0
            for batch in table.iter_batches():
                for fields in batch.to_pylist():
                    number += 1
                    yield f"{file}, row {number}", fields
    except (arrow.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} is no readable parquet file ({reason}).") from None
