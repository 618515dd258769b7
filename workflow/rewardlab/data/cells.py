"""Values of fields, whatever kind of file they come from."""

from typing import Any

import numpy as np

from rewardlab.running.documents import DoubledKey, parse_json


def listed(value: Any) -> list[Any] | None:
    """Return a field as a list, which stands as JSON in a cell of CSV; None if it is none."""
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except (ValueError, DoubledKey):
            return None
    return list(value) if isinstance(value, list | tuple | np.ndarray) else None
