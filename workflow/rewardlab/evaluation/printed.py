"""What the papers print, by key: printed.yaml, and texts that name its values."""

import re
from pathlib import Path
from typing import Any

import yaml

from rewardlab.running.errors import UserError


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a YAML file of the repository; raises UserError with the line that is wrong."""
    try:
        found = yaml.safe_load(path.read_text())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}, line {line}: not valid YAML ({error.problem}).") from None
    if not isinstance(found, dict):
        raise UserError(f"{path}: expected keys with values, found {type(found).__name__}.")
    return found


def read_printed(path: Path) -> dict[str, Any]:
    """Return all printed values."""
    return read_yaml(path)


def printed_value(values: Any, key: str, origin: str) -> Any:
    """Return the value at a dotted key; raises UserError if there is none.

    A key may itself have dots: the longest one that there is counts.
    """
    value, parts = values, key.split(".")
    while parts:
        for count in range(len(parts), 0, -1):
            name = ".".join(parts[:count])
            if isinstance(value, dict) and name in value:
                value = value[name]
                break
            if isinstance(value, list) and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
                break
        else:
            raise UserError(f"{origin} names {key}, which printed.yaml does not have.")
        parts = parts[count:]
    return value


def filled(text: str, values: Any, origin: str) -> str:
    """Return a text with its keys of printed.yaml, {section.key}, replaced by their values."""

    def value(match: re.Match) -> str:
        key, _, how = match[1].partition(":")
        return format(printed_value(values, key, origin), how)

    return re.sub(r"\{([^{}]+)\}", value, text)
