"""Solutions with labels of their steps, as people bring them.

Two forms are known, row by row: a prompt with completions, its steps, and as many labels, as in
TRL's stepwise supervision; and a prompt with the steps so far, the next one, and its rating, as in
PRM800K. Labels are true and false, or whole numbers, such as -1, 0 and 1. A step without a label
counts for nothing.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rewardlab.data.cells import listed
from rewardlab.data.dialogues import prompt_of
from rewardlab.data.rows import Row
from rewardlab.running.errors import UserError


class Steps(NamedTuple):
    """A problem, the steps of a solution, and the label of each, or None."""

    prompt: str
    steps: tuple[str, ...]
    labels: tuple[int | None, ...]


def read_steps(rows: Iterable[Row]) -> Iterator[Steps]:
    """Yield the steps of each row; raises UserError that names the row's place."""
    for location, fields in rows:
        prompt = prompt_of(fields, "prompt", location)
        steps = _texts(fields, "completions", location)
        if "next" in fields:
            last = fields["next"]
            if not isinstance(last, str):
                raise UserError(f"{location}: next: expected a text, the step that is rated.")
            label = _label(fields.get("label"), location)
            yield Steps(prompt, (*steps, last), (*[None] * len(steps), label))
            continue
        labels = listed(fields.get("labels"))
        if labels is None:
            raise UserError(f"{location}: labels: expected a list, a label for each step.")
        if len(labels) != len(steps):
            raise UserError(
                f"{location}: {len(labels)} labels for {len(steps)} steps; expected one each."
            )
        yield Steps(prompt, steps, tuple(_label(label, location) for label in labels))


def _texts(fields: dict[str, Any], name: str, location: str) -> tuple[str, ...]:
    found = listed(fields.get(name))
    if found is None or not all(isinstance(text, str) for text in found):
        raise UserError(f"{location}: {name}: expected a list of texts, the steps.")
    return tuple(found)


def _label(value: Any, location: str) -> int | None:
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, str):
        value = {"true": 1, "false": 0}.get(value.lower(), value)
    try:
        label = int(value)
    except (TypeError, ValueError, OverflowError):
        label = None
    if label is None or label != float(value):
        raise UserError(
            f"{location}: the label is {value!r}; expected true, false or a whole number."
        )
    return label
