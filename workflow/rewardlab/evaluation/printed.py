"""What the papers print, by key: printed.yaml, and texts that name its values."""

import re
from typing import Any

from rewardlab.running.errors import UserError


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
