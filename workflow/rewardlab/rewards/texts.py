"""What a reward model reads: a prompt and a response as one sequence of tokens."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from rewardlab.data.dialogues import messages
from rewardlab.running.errors import UserError

log = logging.getLogger("rewardlab")


class Reading(NamedTuple):
    """How much of some texts a model reads: counts of texts and of tokens."""

    texts: int
    empty: int
    """Texts whose response is empty."""
    cut: int
    """Texts that are longer than the model reads, and lose their beginning."""
    tokens: int
    """Tokens that are read."""
    unknown: int
    """Those of them that stand for words which the tokenizer does not know."""

    @property
    def is_mostly_lost(self) -> bool:
        """Return whether most texts are cut, or most tokens are unknown."""
        return 2 * self.cut > self.texts or 2 * self.unknown > self.tokens

    def in_words(self, max_length: int) -> str:
        """Return the counts as a sentence."""
        return (
            f"{self.cut} of {self.texts} texts are longer than {max_length} tokens and lose their "
            f"beginning; {self.unknown} of {self.tokens} tokens are unknown to the tokenizer; "
            f"{self.empty} responses are empty."
        )


def say(reading: Reading, max_length: int, what: str) -> None:
    """Log how much of some texts is read: as a warning, if most of it is lost."""
    level = logging.WARNING if reading.is_mostly_lost else logging.INFO
    lost = "most of these texts do not reach the model: " if reading.is_mostly_lost else ""
    log.log(level, "%s: %s%s", what, lost, reading.in_words(max_length))


def prepare_tokenizer(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Set what reward models need: padding on the right, a padding token, the end kept.

    With absolute positions, texts that are padded on the left would begin at another position
    in every batch. A long text loses its beginning, since the response is at its end. Raises
    UserError if no token can be the padding's.
    """
    tokenizer.padding_side = "right"
    tokenizer.truncation_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.sep_token
    if tokenizer.pad_token is None:
        raise UserError(
            f"the tokenizer in {tokenizer.name_or_path} has neither a padding token nor an end "
            "token; expected one of them, which texts of other lengths are filled up with."
        )
    return tokenizer


def encode(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    responses: Sequence[str],
    max_length: int,
) -> list[list[int]]:
    """Return the token ids of each prompt with its response, at most `max_length` of them.

    Where the tokenizer has a chat template, the dialogue is set in it. Else the two are joined by a
    space, with the tokenizer's own special tokens, and an end token after the response if the
    tokenizer has one and does not close a text by another. tokenizer: from `prepare_tokenizer`.
    Raises UserError if the template refuses a dialogue.
    """
    return encode_and_count(tokenizer, prompts, responses, max_length)[0]


def encode_and_count(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    responses: Sequence[str],
    max_length: int,
) -> tuple[list[list[int]], Reading]:
    """Return what `encode` does, and how much of the texts that is."""
    in_template = tokenizer.chat_template is not None
    pairs = enumerate(zip(prompts, responses, strict=True))
    texts = [
        _in_template(tokenizer, *pair, index) if in_template else joined(*pair)
        for index, pair in pairs
    ]
    options = {"add_special_tokens": not in_template}
    rows = tokenizer(texts, **options).input_ids if texts else []
    end = None
    if not in_template and tokenizer.sep_token_id is None:
        end = tokenizer.eos_token_id
    opened = {index for index, row in enumerate(rows) if end is not None and row[-1:] != [end]}
    long = [index for index, row in enumerate(rows) if len(row) + (index in opened) > max_length]
    for index in long:  # the tokenizer knows which of its own special tokens stay
        room = max_length - (index in opened)
        rows[index] = tokenizer(texts[index], truncation=True, max_length=room, **options).input_ids
    for index in opened:
        rows[index] = [*rows[index], end]
    unknown = _unknown(tokenizer)
    return rows, Reading(
        len(rows),
        sum(not response.strip() for response in responses),
        len(long),
        sum(map(len, rows)),
        0 if unknown is None else sum(row.count(unknown) for row in rows),
    )


def _unknown(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Return the token of unknown words, if it stands for nothing else as well."""
    others = (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.pad_token_id)
    return None if tokenizer.unk_token_id in others else tokenizer.unk_token_id


def _in_template(tokenizer: PreTrainedTokenizerBase, prompt: str, response: str, index: int) -> str:
    from jinja2 import TemplateError

    try:
        return tokenizer.apply_chat_template(messages(prompt, response), tokenize=False)
    except TemplateError as error:
        raise UserError(
            f"the model's chat template refuses text {index} (counted from 0): {error}"
        ) from None


def joined(prompt: str, response: str) -> str:
    """Return prompt and response with a space between them, unless there is one, or no prompt."""
    apart = not prompt or prompt[-1:].isspace() or response[:1].isspace()
    return prompt + response if apart else f"{prompt} {response}"
