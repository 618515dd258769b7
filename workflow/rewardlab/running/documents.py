"""Reading the YAML and JSON that people write, with what is wrong in it."""

import json
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml

from rewardlab.running.errors import UserError


class _UniqueKeys(yaml.SafeLoader):
    """A loader that refuses a key that stands twice in one section: the last would win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = self.construct_object(key, deep=True)
            if not isinstance(name, Hashable):
                continue  # which the loader itself refuses
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {name} stands twice in one section",
                    problem_mark=key.start_mark,
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


class DoubledKey(Exception):
    """A key stands twice in one object of JSON; its text is the key."""


def parse_json(text: str) -> Any:
    """Return what JSON text says.

    Raises DoubledKey, or ValueError on what is no JSON or cannot be held: json.JSONDecodeError,
    which knows the line, where it is the text that is wrong.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise DoubledKey(next(name for name in names if names.count(name) > 1))
    return found


def parse_yaml(text: str, source: str) -> Any:
    """Return what YAML text says; source: where it stands, for the message.

    Raises UserError that names the line, also of a key that stands twice.
    """
    try:
        return yaml.load(text, _UniqueKeys)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or "it cannot be parsed"
        if mark is not None and "'\\t'" in problem:
            problem = "a tab, where YAML takes spaces only"
        raise UserError(f"{source}, line {line}: not valid YAML ({problem}).") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{source}: not valid YAML ({reason}).") from None


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Return a YAML file as it stands; raises UserError if it is none, or has no keys."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is no text file ({error.reason} at byte {error.start}); expected YAML."
        ) from None
    value = parse_yaml(text, str(path))
    if value is None:
        raise UserError(f"{path} is empty; expected keys with values.")
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected keys with values, found {_kind(value)}.")
    return value


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text"}.get(type(value), type(value).__name__)
