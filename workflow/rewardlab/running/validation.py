"""What is wrong with a setting, in one sentence."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "int_parsing": "an integer",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text; put it in quotes",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a section with keys",
    "model_type": "a section with keys",
    "model_attributes_type": "a section with keys",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "a text that is not empty",
}
OURS = ("unknown_key", "missing_key", "empty")


def with_known_keys(
    error: ValidationError, keys: Iterable[str], renamed: Mapping[str, str]
) -> ValidationError:
    """Return the errors of a section, those about its keys with what is known there.

    keys: the section's own; renamed: keys that it had once, and what they are called now.
    """
    known = list(keys)
    lines = []
    for line in error.errors(include_url=False):
        kind, context = line["type"], line.get("ctx", {})
        of_this_section = len(line["loc"]) == 1
        if of_this_section and kind == "extra_forbidden":
            hint = _hint(str(line["loc"][0]), known, renamed)
            kind = PydanticCustomError("unknown_key", "is not a known key; {hint}", {"hint": hint})
        elif of_this_section and kind == "missing":
            kind = PydanticCustomError("missing_key", "needs the keys {keys}", {"keys": known})
        elif line["input"] is None and not line["loc"]:
            kind = PydanticCustomError("empty", "expected the keys {keys}", {"keys": known})
        elif kind in OURS:  # of a section inside this one
            kind = PydanticCustomError(kind, "{message}", {**context, "message": line["msg"]})
        lines.append({"type": kind, "loc": line["loc"], "input": line["input"], "ctx": context})
    return ValidationError.from_exception_data(error.title, lines)


def describe(error: ValidationError) -> str:
    """Return the first problem as a sentence: key, value, what was expected, the nearest key."""
    problem, others = _first(error)
    sentence = _sentence(problem)
    return f"{sentence} ({others} more after this one)." if others else f"{sentence}."


def location(error: ValidationError) -> tuple[tuple[str | int, ...], bool]:
    """Return the key path of the problem that `describe` tells, and whether the key is missing."""
    problem, _ = _first(error)
    keys = _keys(problem["loc"])
    if problem["type"] not in ("missing", "missing_key"):
        return keys, False
    return (keys[:-1], False) if isinstance(keys[-1], int) else (keys, True)


def _first(error: ValidationError) -> tuple[Any, int]:
    """Return the problem to tell, and the number of others.

    A misspelt key is told before the missing key that it causes.
    """
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "unknown_key")
    return problems[0], len(problems) - 1


def _sentence(problem: Any) -> str:
    keys = _keys(problem["loc"])
    path, section = (".".join(map(str, part)) for part in (keys, keys[:-1]))
    kind, value, context = problem["type"], problem["input"], problem.get("ctx", {})
    subject = f"{path} is" if path else "is"
    if kind == "unknown_key":
        return f"{path} (value {_short(value)}) is not a known key; {context['hint']}"
    if kind == "missing_key":
        return f"{path} is missing; {section or 'it'} needs the keys {', '.join(context['keys'])}"
    if kind == "missing" and isinstance(keys[-1], int):
        return f"{section} is {_short(value)}; expected a list of at least {keys[-1] + 1} values"
    if kind == "empty":
        return f"{subject} empty; expected the keys {', '.join(context['keys'])}"
    if kind == "value_error" and isinstance(value, Mapping):  # between the keys of a section
        expected = f"expected {_expected(kind, context, problem['msg'])}"
        return f"{path}: {expected}" if path else expected
    empty = value is None
    found = "empty" if empty else _short(value)
    return f"{subject} {found}; expected {_expected(kind, context, problem['msg'])}"


def _expected(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind in EXPECTED:
        return EXPECTED[kind].format(**context)
    if kind == "literal_error":
        several = " or " in context["expected"]
        return f"one of {context['expected']}" if several else f"{context['expected']} or a section"
    return message[0].lower() + message[1:]


def _hint(key: str, known: list[str], renamed: Mapping[str, str]) -> str:
    if key in renamed:
        return f"it is called {renamed[key]} now"
    close = difflib.get_close_matches(key, known, n=1)
    if close:
        return f"the nearest known key is {close[0]}"
    return f"known keys here are {', '.join(known)}" if known else "no keys are known here"


def _short(value: object) -> str:
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def _keys(loc: Iterable[str | int]) -> tuple[str | int, ...]:
    """Drop what is not a key of the file, such as the names of union branches, from a location."""
    return tuple(part for part in loc if not str(part).startswith(("<", "[")))
