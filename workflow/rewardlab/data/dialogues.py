"""Conversations: as texts with turns "Human:" and "Assistant:", and as lists of chat messages.

Inside this project a conversation is one text, in the manner of HH-RLHF: each turn begins after an
empty line with its speaker's name, "System:" before all others if there is one, and a prompt ends
with "Assistant:".
"""

import re
from typing import Any

from rewardlab.running.documents import DoubledKey, parse_json
from rewardlab.running.errors import UserError

HUMAN, ASSISTANT, SYSTEM = "\n\nHuman:", "\n\nAssistant:", "\n\nSystem:"
SPEAKERS = {"user": HUMAN, "assistant": ASSISTANT, "system": SYSTEM}
ROLES = {marker.strip(" :\n"): role for role, marker in SPEAKERS.items()}
TURN = re.compile(rf"\n\n({'|'.join(ROLES)}):")
# The empty line before the first turn may be missing; "System:" and "Assistant:" alone begin many a
# plain text.
BEGINNING = re.compile(
    r"\s*(Human:|System:(?=.*\n\n(Human|Assistant):)|Assistant:(?=.*\n\nHuman:))", re.DOTALL
)
WAITING = re.compile(rf"{ASSISTANT}\s*\Z")

Message = dict[str, str]


def is_dialogue(prompt: str) -> bool:
    """Return whether a prompt is a dialogue with turns, rather than a plain text."""
    return BEGINNING.match(prompt) is not None


def as_dialogue(prompt: str) -> str:
    """Return a plain prompt as the one human turn of a dialogue that waits for its answer."""
    return prompt if is_dialogue(prompt) else f"{HUMAN} {prompt}{ASSISTANT}"


def messages(prompt: str, response: str) -> list[Message]:
    """Return a prompt, a dialogue or a plain text, and its response as chat messages."""
    answer = {"role": "assistant", "content": response}
    if not is_dialogue(prompt):
        return [{"role": "user", "content": prompt}, answer]
    turns = TURN.split("\n\n" + WAITING.sub("", prompt.lstrip()))[1:]
    return [
        *(
            {"role": ROLES[speaker], "content": content.removeprefix(" ")}
            for speaker, content in zip(turns[::2], turns[1::2], strict=True)
        ),
        answer,
    ]


def waiting(prompt: str) -> list[Message]:
    """Return a prompt, a dialogue or a plain text, as chat messages that wait for an answer."""
    return messages(prompt, "")[:-1]


def dialogue(chat: list[Message], location: str) -> str:
    """Return checked messages as the text of a prompt that waits for its answer.

    Raises UserError if a message holds what looks like the beginning of a turn, which the text
    could not tell from one, or if the messages end with the assistant's.
    """
    for number, message in enumerate(chat, start=1):
        if found := TURN.search("\n\n" + message["content"].lstrip("\n")):
            raise UserError(
                f"{location}, message {number}: its content has a paragraph that begins with "
                f"{found[0].strip()!r}, as a turn does, and could not be told from one."
            )
    if chat[-1]["role"] == "assistant":
        raise UserError(f"{location}: a prompt ends with the user's message, not the assistant's.")
    return "".join(f"{SPEAKERS[turn['role']]} {turn['content']}" for turn in chat) + ASSISTANT


def checked_chat(value: Any, location: str) -> list[Message]:
    """Return a list of chat messages; raises UserError that names the message that is none."""
    if len(value) == 0:
        raise UserError(f"{location}: the list of messages is empty.")
    for number, message in enumerate(value, start=1):
        where = f"{location}, message {number}"
        fields = message if isinstance(message, dict) else {}
        for field in ("role", "content"):
            if not isinstance(fields.get(field), str):
                kind = type(fields[field]).__name__ if field in fields else "nothing"
                raise UserError(f"{where}: expected the texts role and content; {field} is {kind}.")
        if message["role"] not in SPEAKERS:
            raise UserError(
                f"{where}: the role is {message['role']!r}; expected {', '.join(SPEAKERS)}."
            )
        if message["role"] == "system" and number > 1:
            raise UserError(f"{where}: a system message stands at the beginning only.")
    return [{"role": message["role"], "content": message["content"]} for message in value]


def field_of(fields: dict[str, Any], name: str, location: str) -> str | list[Message]:
    """Return a field that is a text or a list of messages; raises UserError if it is neither."""
    value = fields.get(name)
    if name not in fields or value != value:  # a table has NaN where a row lacks a field
        present = [repr(key) for key, other in fields.items() if other == other]
        found = f"found {', '.join(present)}" if present else "the row is empty"
        raise UserError(f"{location}: the field {name!r} is missing; {found}.")
    if value is None:
        raise UserError(f"{location}: the field {name!r} is null; expected a text or messages.")
    if isinstance(value, str):
        value = _written_chat(value) or value.replace("\r\n", "\n")
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return checked_chat(value, f"{location}: {name}")
    kind = type(value).__name__
    raise UserError(
        f"{location}: the field {name!r} is of the kind {kind}; expected a text or a list of "
        "messages."
    )


def _written_chat(text: str) -> list | None:
    """Return a list of messages that stands as JSON in a text, as in a cell of CSV; None if not."""
    if not text.startswith("[{"):
        return None
    try:
        value = parse_json(text)
    except (ValueError, DoubledKey):
        return None
    return value if all(isinstance(part, dict) and "role" in part for part in value) else None


def prompt_of(fields: dict[str, Any], name: str, location: str) -> str:
    """Return a field that is a prompt, as a text or as messages, as a text."""
    value = field_of(fields, name, location)
    return value if isinstance(value, str) else dialogue(value, f"{location}: {name}")


def response_of(fields: dict[str, Any], name: str, location: str) -> str:
    """Return a field that is a response: a text, or one message of the assistant's."""
    value = field_of(fields, name, location)
    if isinstance(value, str):
        return value
    if len(value) != 1 or value[0]["role"] != "assistant":
        raise UserError(f"{location}: {name}: expected a text or one message of the assistant's.")
    return value[0]["content"]
