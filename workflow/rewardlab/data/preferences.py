"""Readers of preference pairs. Every row becomes one pair, or stops the reading with its place.

These forms are known, row by row: a prompt with two responses; two dialogues as in HH-RLHF, which
share all but the last assistant turn; and the same as lists of messages with role and content, the
prompt's in a field of their own or at the beginning of both lists. A pair may bring a margin, by
how much the chosen response is better. And rankings: a prompt with several responses (`rankings`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from rewardlab.data.dialogues import (
    ASSISTANT,
    HUMAN,
    Message,
    dialogue,
    field_of,
    is_dialogue,
    messages,
    prompt_of,
)
from rewardlab.data.rankings import Ranking, read_ranking
from rewardlab.data.rows import Row
from rewardlab.running.errors import UserError


class Pair(NamedTuple):
    """A prompt, the response that was preferred, and the one that was not."""

    prompt: str
    chosen: str
    rejected: str


def renamed(rows: Iterable[Row], columns: Mapping[str, str]) -> Iterator[Row]:
    """Yield rows whose fields are called as here; columns: from our names to those of the data.

    Raises UserError that names the row which lacks one.
    """
    for location, fields in rows:
        for name, column in columns.items():
            if column not in fields:
                raise UserError(
                    f"{location} has no field {column!r}, which columns names for {name}; its "
                    f"fields are {', '.join(fields)}."
                )
        taken = {name: fields[column] for name, column in columns.items()}
        left = {key: value for key, value in fields.items() if key not in columns.values()}
        yield location, left | taken


class Read(NamedTuple):
    """What rows held: pairs, their margins (NaN: none), and rankings."""

    pairs: list[Pair]
    margins: list[float]
    rankings: list[Ranking]


def read_comparisons(rows: Iterable[Row]) -> Read:
    """Return the pairs and the rankings of rows; raises UserError that names the row's place."""
    found = Read([], [], [])
    for location, fields in rows:
        if fields.get("responses") is not None:
            prompt = prompt_of(fields, "prompt", location)
            found.rankings.append(read_ranking(fields, prompt, location))
        else:
            found.pairs.extend(read_pairs([(location, fields)]))
            found.margins.append(_margin(fields.get("margin"), location))
    return found


def _margin(value: Any, location: str) -> float:
    if value is None or value == "":
        return np.nan
    try:
        margin = np.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        margin = np.nan
    if not (np.isfinite(margin) and margin >= 0):
        raise UserError(f"{location}: the margin is {value!r}; expected a number from 0 on.")
    return margin


def read_pairs(rows: Iterable[Row]) -> Iterator[Pair]:
    """Yield one pair for each row; raises UserError that names the row's place."""
    for location, fields in rows:
        chosen, rejected = (field_of(fields, name, location) for name in ("chosen", "rejected"))
        if isinstance(chosen, str) != isinstance(rejected, str):
            is_text = "chosen" if isinstance(chosen, str) else "rejected"
            raise UserError(
                f"{location}: of chosen and rejected only {is_text} is a text, and the other is "
                "messages; expected both alike."
            )
        has_prompt = fields.get("prompt") is not None
        if not isinstance(chosen, str):
            prompt = field_of(fields, "prompt", location) if has_prompt else []
            yield split_chats(prompt, chosen, rejected, location)
        elif has_prompt:
            yield Pair(prompt_of(fields, "prompt", location), chosen, rejected)
        elif "prompt" in fields and not is_dialogue(chosen):
            field_of(fields, "prompt", location)  # which says what it is instead of a prompt
        else:
            yield split_dialogues(chosen, rejected, location)


def split_dialogues(chosen: str, rejected: str, location: str) -> Pair:
    """Split two dialogues at the last assistant turn that both have begun.

    That turn is found in their common beginning: a response may itself contain the marker of a
    further turn. The prompt keeps the marker; the responses lose the space after it.
    Raises UserError if the sides share no prompt, or a human speaks again after it.
    """
    start = chosen.rfind(ASSISTANT, 0, _common_length(chosen, rejected))
    if start < 0:
        raise UserError(
            f"{location}: the two dialogues share no prompt; expected a field 'prompt', or the "
            "same turns up to a last 'Assistant:'."
        )
    end = start + len(ASSISTANT)
    if HUMAN in chosen[end:] or HUMAN in rejected[end:]:
        raise UserError(
            f"{location}: the two dialogues share no prompt; they differ before the last 'Human:' "
            "turn."
        )
    return Pair(chosen[:end], chosen[end:].removeprefix(" "), rejected[end:].removeprefix(" "))


def _common_length(first: str, second: str) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((location for location, (a, b) in pairs if a != b), min(len(first), len(second)))


def split_chats(
    prompt: str | list[Message], chosen: list[Message], rejected: list[Message], location: str
) -> Pair:
    """Split two chats, which must share all messages but the last, the assistant's.

    prompt: messages that come before those of both, unless they repeat them; or a text, which
    stands before single messages, and which whole chats have to repeat.
    """
    for name, chat in (("chosen", chosen), ("rejected", rejected)):
        if chat[-1]["role"] != "assistant":
            raise UserError(
                f"{location}: {name}: the last message is of role {chat[-1]['role']!r}; expected "
                "assistant."
            )
    if isinstance(prompt, str):
        if len(chosen) == len(rejected) == 1:
            return Pair(prompt, chosen[0]["content"], rejected[0]["content"])
        if not all(_holds(chat, prompt) for chat in (chosen, rejected)):
            raise UserError(
                f"{location}: the prompt is none of the user's messages in both chats; expected "
                "chats that repeat it, or single messages of the assistant's."
            )
    elif not all(chat[: len(prompt)] == prompt for chat in (chosen, rejected)):
        if any(prompt[-1]["role"] == chat[0]["role"] for chat in (chosen, rejected)):
            raise UserError(
                f"{location}: the prompt ends with a message of role {prompt[-1]['role']!r} and a "
                "chat begins with another; expected chats that go on from the prompt or repeat it."
            )
        chosen, rejected = prompt + chosen, prompt + rejected
    for name, chat in (("chosen", chosen), ("rejected", rejected)):
        if len(chat) < 2:
            raise UserError(
                f"{location}: {name}: expected a field 'prompt', or a list of at least two "
                "messages."
            )
    if chosen[:-1] != rejected[:-1]:
        raise UserError(
            f"{location}: the two chats share no prompt; expected the same messages before the "
            "last."
        )
    return Pair(dialogue(chosen[:-1], location), chosen[-1]["content"], rejected[-1]["content"])


def _holds(chat: list[Message], prompt: str) -> bool:
    """Return whether a chat has a prompt's text as a message of the user's, or as its turns."""
    said = [message["content"].strip() for message in chat if message["role"] == "user"]
    return prompt.strip() in said or messages(prompt, chat[-1]["content"]) == chat
