"""What pages show of a run's items, and in which order."""

import re
from collections.abc import Sequence

import pandas as pd

from rewardlab.settings.types import SettingsModel


class Item(SettingsModel):
    """A figure or table of the page, in the words of its rule."""

    paper: str
    """Heading that it stands under."""
    label: str
    """What it is called."""
    caption: str
    """Its caption, as reStructuredText."""
    target: str
    """What it is rebuilt by."""


def number(value: float) -> str:
    """Return a value for reading: three significant digits, nothing for a missing one."""
    return "" if pd.isna(value) else f"{value:.3g}"


def in_order(items: Sequence[Item]) -> list[int]:
    """Return the places of items by paper, as the papers first come, and within it by label.

    Figures come before tables, both by number, and then what is ours.
    """
    papers = list(dict.fromkeys(item.paper for item in items))

    def key(place: int) -> tuple:
        item = items[place]
        found = re.match(r"(Figure|Table)s? (\d+)(.*)", item.label)
        if not found:
            return papers.index(item.paper), 2, 0, "", place
        kind, first, rest = found.groups()
        return papers.index(item.paper), int(kind == "Table"), int(first), rest, place

    return sorted(range(len(items)), key=key)
