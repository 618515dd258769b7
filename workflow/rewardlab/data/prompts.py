"""Prompts as they stand, or cut from the beginnings of texts as TRL's PPO example cuts reviews."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from rewardlab.data.dialogues import is_dialogue, prompt_of
from rewardlab.data.preferences import read_pairs
from rewardlab.data.rows import Row
from rewardlab.running.errors import UserError

log = logging.getLogger("rewardlab")


def read_texts(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the field `prompt` of each row, a text or messages, or else its field `text`.

    Of preferences without such a field, as HH-RLHF's, what both responses answer. Raises UserError
    that names the row's place.
    """
    for location, fields in rows:
        if "prompt" not in fields and "chosen" in fields and "rejected" in fields:
            (pair,) = read_pairs([(location, fields)])
            yield pair.prompt
            continue
        name = "prompt" if "prompt" in fields or "text" not in fields else "text"
        yield prompt_of(fields, name, location)


def whole_prompts(texts: Iterable[str], minimum_characters: float) -> list[str]:
    """Return every text of more than `minimum_characters`, as it stands; say how many are not."""
    every = list(texts)
    kept = [text for text in every if len(text) > minimum_characters]
    if left := len(every) - len(kept):
        level = logging.INFO if minimum_characters else logging.WARNING
        what = f"of {minimum_characters:g} characters or fewer" if minimum_characters else "empty"
        log.log(level, "%d of %d prompts are %s, and are left out", left, len(every), what)
    return kept


def cut_prompts(
    texts: Iterable[str],
    encode: Callable[[str], Sequence[int]],
    decode: Callable[[Sequence[int]], str],
    minimum_characters: float,
    shortest: int,
    longest: int,
    seed: int,
) -> list[str]:
    """Return the first tokens of every text of more than `minimum_characters`.

    The number of tokens is drawn from shortest..longest, both included. (TRL's upper bound is
    exclusive: its 2..8 is 2..7 here; the uncertainty paper says 2 to 8.) Raises UserError if a
    text is a dialogue.
    """
    rng = np.random.default_rng(seed)
    kept = whole_prompts(texts, minimum_characters)
    for text in kept:
        if is_dialogue(text):
            raise UserError(
                f"the prompt {text[:60]!r} is a dialogue, whose end is what a response answers; "
                "leave shortest and longest out, which cut prompts."
            )
    lengths = rng.integers(shortest, longest + 1, size=len(kept))
    return [
        decode(encode(text)[:length]) for text, length in zip(kept, lengths.tolist(), strict=True)
    ]


def drawn_prompts(table: pd.DataFrame, split: str, count: int | None, seed: int) -> np.ndarray:
    """Return some prompts of a split, each once, in random order; columns: prompt, split.

    count: of them, none: all. Raises UserError if there are too few.
    """
    prompts = table.prompt[table.split.eq(split)].drop_duplicates().to_numpy()
    if count is not None and len(prompts) < count:
        raise UserError(
            f"{count} prompts of the split {split} are asked for, but there are {len(prompts)}."
        )
    return np.random.default_rng(seed).permutation(prompts)[:count]
