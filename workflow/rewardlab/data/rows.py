"""Rows of data files, each with the place that it came from, so that errors can name it.

The name's ending says what a file is: JSON lines or a JSON array, CSV, parquet; the first three
also compressed by gzip.
"""

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from rewardlab.running.documents import DoubledKey, parse_json
from rewardlab.running.errors import UserError

Row = tuple[str, dict[str, Any]]  # "file, line 3" and its fields

JSON_ENDINGS = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
CSV_ENDINGS = (".csv", ".csv.gz")
PARQUET = ".parquet"
ENDINGS = (*JSON_ENDINGS, *CSV_ENDINGS, PARQUET)


def ending_of(file: Path) -> str:
    """Return which of the known endings a name has; raises UserError if none of them."""
    found = [ending for ending in ENDINGS if file.name.lower().endswith(ending)]
    if not found:
        raise UserError(f"{file} is of an unknown kind; expected one of {', '.join(ENDINGS)}.")
    return found[0]


def read_rows(files: Sequence[Path]) -> Iterator[Row]:
    """Yield every row of JSON, CSV and parquet files, in order. The fields of CSV are texts.

    Raises UserError, with file and line, on a file that is empty, truncated or of another kind, on
    a line that is no JSON object, and on a text that is not Unicode.
    """
    for file in files:
        ending = ending_of(file)
        if ending == PARQUET:
            yield from _parquet_rows(file)
        elif ending in CSV_ENDINGS:
            yield from _text_rows(file, _csv_rows)
        else:
            yield from _text_rows(file, _json_rows)


def _text_rows(file: Path, rows) -> Iterator[Row]:
    """Yield the rows of a text file, what is wrong with the file as such in one sentence."""
    opened = gzip.open if file.name.lower().endswith(".gz") else open
    place = ""

    def broken(what: str) -> UserError:
        where = f", after {place.removeprefix(f'{file}, ')}" if place else ""
        return UserError(f"{file}{where}: {what}.")

    try:
        with opened(file, "rt", encoding="utf-8-sig", newline="") as stream:
            for place, fields in rows(file, stream):
                yield place, fields
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise broken(f"the gzip data is truncated or broken ({error})") from None
    except UnicodeDecodeError as error:
        raise broken(f"not UTF-8 text ({error.reason})") from None
    except csv.Error as error:
        raise broken(f"not CSV ({error})") from None
    if not place:
        raise UserError(f"{file} is empty; expected rows.")


def _json_rows(file: Path, stream: TextIO) -> Iterator[Row]:
    begun = False
    for number, line in enumerate(stream, start=1):
        if not begun and line.lstrip().startswith("["):
            yield from _array(file, line + stream.read(), number)
            return
        if line.strip():
            begun = True
            yield f"{file}, line {number}", _object(line, f"{file}, line {number}")


def _array(file: Path, text: str, first: int) -> Iterator[Row]:
    """Yield the objects of a JSON array that begins in the line `first`."""
    items = _parsed(text, lambda line: f"{file}, line {first + line - 1}", "")
    has_halves = "\\ud" in text.lower()
    for number, item in enumerate(items, start=1):
        yield f"{file}, item {number}", _checked(item, f"{file}, item {number}", has_halves)


def _object(line: str, location: str) -> dict[str, Any]:
    expected = "; expected one JSON object a line, or a list of them"
    value = _parsed(line, lambda _: location, expected)
    return _checked(value, location, "\\ud" in line.lower())


def _parsed(text: str, place: Callable[[int], str], expected: str) -> Any:
    """Return what JSON text says; place: of a line of it, from 1."""
    try:
        return parse_json(text)
    except DoubledKey as error:
        raise UserError(
            f"{place(1)}: the field {str(error)!r} stands twice in one object."
        ) from None
    except json.JSONDecodeError as error:
        what = f"not JSON ({error.msg} at column {error.colno}){expected}"
        raise UserError(f"{place(error.lineno)}: {what}.") from None
    except ValueError as error:  # a number of thousands of digits, for example
        raise UserError(f"{place(1)}: cannot be read ({error}).") from None


def _checked(value: Any, location: str, has_halves: bool) -> dict[str, Any]:
    """Return a JSON object whose texts are Unicode: JSON can hold halves of characters."""
    if not isinstance(value, dict):
        raise UserError(f"{location}: expected a JSON object, found {type(value).__name__}.")
    if has_halves:
        for name, field in value.items():
            try:
                json.dumps([name, field], ensure_ascii=False).encode()
            except UnicodeEncodeError as error:
                half = ascii(error.object[error.start])
                raise UserError(
                    f"{location}: the field {name!r} holds {half}, half of a character (a lone "
                    "surrogate); expected Unicode text."
                ) from None
    return value


def _csv_rows(file: Path, stream: TextIO) -> Iterator[Row]:
    csv.field_size_limit(2**31 - 1)  # the default, 128 kB, is less than a long dialogue
    reader = csv.reader(stream, strict=True)
    header = next(reader, [])
    doubled = {name for name in header if header.count(name) > 1}
    if doubled:
        raise UserError(f"{file}, line 1: the column {sorted(doubled)[0]!r} stands there twice.")
    line = reader.line_num + 1
    for values in reader:
        if values:
            if len(values) != len(header):
                raise UserError(
                    f"{file}, line {line}: {len(values)} values for {len(header)} columns; "
                    "expected as many."
                )
            yield f"{file}, line {line}", dict(zip(header, values, strict=True))
        line = reader.line_num + 1


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
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} is no readable parquet file ({reason}).") from None
