"""Preferences made of labelled texts: an excerpt of a good one is preferred to one of a bad one."""

from collections.abc import Iterable

import numpy as np

from rewardlab.data.preferences import Pair
from rewardlab.data.rows import Row
from rewardlab.running.errors import UserError
from rewardlab.settings.data import LabelsSettings


def labelled_pairs(rows: Iterable[Row], settings: LabelsSettings, seed: int) -> list[Pair]:
    """Return pairs without a prompt, both sides of as many words; every text stands in one at most.

    A text that stands there twice counts once. Which good text meets which bad one is drawn; pairs
    whose sides are equal are left out. Raises UserError that names a row without text or label, or
    says that one of the two kinds is missing.
    """
    seen: set[str] = set()
    good: list[list[str]] = []
    bad: list[list[str]] = []
    for location, fields in rows:
        text, label = fields.get(settings.text), fields.get(settings.label)
        if not isinstance(text, str) or label is None:
            wrong = settings.label if isinstance(text, str) else settings.text
            raise UserError(
                f"{location}: the field {wrong!r} is missing or is no "
                f"{'label' if wrong == settings.label else 'text'}; found "
                f"{', '.join(map(repr, fields)) or 'nothing'}."
            )
        if label != label:  # a table has NaN where a row lacks a field
            raise UserError(f"{location}: the field {settings.label!r} is missing.")
        words = text.split()[: settings.words]
        if words and text not in seen:
            seen.add(text)
            (good if _equal(label, settings.good) else bad).append(words)
    if not good or not bad:
        what = f"{settings.label!r} {'other than' if good else 'equal to'} {settings.good!r}"
        raise UserError(f"no text has the field {what}; expected texts of both kinds (labels).")
    rng = np.random.default_rng(seed)
    count = min(len(good), len(bad), settings.pairs or len(good))
    pairs = []
    for at, other in zip(rng.permutation(len(good)), rng.permutation(len(bad)), strict=False):
        first, second = good[at], bad[other]
        length = min(len(first), len(second))
        if first[:length] == second[:length]:  # nothing to prefer
            continue
        pairs.append(Pair("", " ".join(first[:length]), " ".join(second[:length])))
        if len(pairs) == count:
            break
    return pairs


def _equal(label: object, good: int | str) -> bool:
    """Return whether labels are the same, as numbers if both are: "1", 1 and 1.0 are."""
    try:
        return float(label) == float(good)
    except (TypeError, ValueError):
        return str(label) == str(good)
