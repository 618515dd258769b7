"""Readers of preference pairs. Every row becomes one pair, or stops the reading with its place.

Three forms are known, row by row: a prompt with two responses; two dialogues as in HH-RLHF, with
turns that begin with "Human:" and "Assistant:" after an empty line, which share all but the last
assistant turn; and two chats as lists of messages with role and content, likewise.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rewardlab.data.rows import Row
from rewardlab.running.errors import UserError

HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"


class Pair(NamedTuple):
    """A prompt, the response that was preferred, and the one that was not."""

    prompt: str
    chosen: str
    rejected: str


def read_pairs(rows: Iterable[Row]) -> Iterator[Pair]:
    """Yield one pair for each row; raises UserError that names the row's place."""
    for location, fields in rows:
        for name in ("chosen", "rejected"):
            if fields.get(name) is None:
                raise UserError(f"{location}: the field {name!r} is missing; {_found(fields)}.")
        chosen, rejected = fields["chosen"], fields["rejected"]
        if isinstance(chosen, str) != isinstance(rejected, str):
            raise UserError(f"{location}: chosen and rejected are of different kinds.")
        if not isinstance(chosen, str):
            yield split_chats(chosen, rejected, location)
        elif fields.get("prompt") is not None:
            if not isinstance(fields["prompt"], str):
                kind = type(fields["prompt"]).__name__
                raise UserError(f"{location}: the field 'prompt' is a {kind}; expected a text.")
            yield Pair(fields["prompt"], chosen, rejected)
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
            f"{location}: the two dialogues share no prompt; expected the same turns up to a last "
            "'Assistant:'."
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


def split_chats(chosen: Any, rejected: Any, location: str) -> Pair:
    """Split two chats, which must share all messages but the last, the assistant's.

    The prompt becomes a dialogue in the form of `split_dialogues`, ready for an answer.
    """
    for name, chat in (("chosen", chosen), ("rejected", rejected)):
        _check_chat(chat, f"{location}: {name}")
    if list(chosen[:-1]) != list(rejected[:-1]):
        raise UserError(
            f"{location}: the two chats share no prompt; expected the same messages before the "
            "last."
        )
    speakers = {"user": "Human", "assistant": "Assistant", "system": "System"}
    turns = [
        f"\n\n{speakers.get(turn['role'], turn['role'])}: {turn['content']}" for turn in chosen[:-1]
    ]
    prompt = "".join(turns) + ASSISTANT
    return Pair(prompt, chosen[-1]["content"], rejected[-1]["content"])


def _check_chat(chat: Any, location: str) -> None:
    if not isinstance(chat, list) or len(chat) < 2:
        raise UserError(f"{location}: expected a list of at least two messages.")
    for number, message in enumerate(chat, start=1):
        good = isinstance(message, dict) and all(
            isinstance(message.get(field), str) for field in ("role", "content")
        )
        if not good:
            raise UserError(f"{location}, message {number}: expected the texts role and content.")
    if chat[-1]["role"] != "assistant":
        raise UserError(
            f"{location}: the last message is of role {chat[-1]['role']!r}; expected assistant."
        )


def _found(fields: dict[str, Any]) -> str:
    return f"found {', '.join(map(repr, fields))}" if fields else "the row is empty"
