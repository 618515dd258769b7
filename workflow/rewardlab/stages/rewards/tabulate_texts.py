"""Counts what is lost of each preference set's texts before a reward model sees them.

A row for each set: pairs, ties (two equal responses), pairs that are alike in what is read of them
(ties and others), texts, empty responses, texts that are longer than a reward model reads, tokens
that are read, and those of them that are unknown.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from transformers import PreTrainedTokenizerBase

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.texts import Reading, encode_and_count, prepare_tokenizer
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.rewards import Length


class Ties(NamedTuple):
    """Pairs whose responses are equal, and pairs that are alike in what is read of them."""

    ties: int
    alike: int


def read_set(
    pairs: pd.DataFrame, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> tuple[Ties, Reading]:
    """Return which pairs cannot be told apart, and how much of both sides of all pairs is read."""
    prompts = [*pairs.prompt, *pairs.prompt]
    responses = [*pairs.chosen, *pairs.rejected]
    rows, reading = encode_and_count(tokenizer, prompts, responses, max_length)
    sides = zip(rows[: len(pairs)], rows[len(pairs) :], strict=True)
    alike = sum(chosen == rejected for chosen, rejected in sides)
    return Ties(int(pairs.chosen.eq(pairs.rejected).sum()), alike), reading


def in_words(name: str, found: Ties, pairs: int, reading: Reading, max_length: int) -> str:
    """Return what was found of one set as a paragraph."""
    text = (
        f"{name}: {found.ties} of {pairs} pairs are ties, and {found.alike} are alike in what is "
        f"read of them; {reading.in_words(max_length)}"
    )
    if reading.is_mostly_lost:
        text += " **Most of these texts do not reach the reward models.**"
    return text


@stage
def tabulate_texts(
    trunk: Input,
    preferences: Inputs,
    table: Output,
    findings: Output,
    sets: list[str],
    max_length: Length,
) -> None:
    """What reward models read of every set; sets: the names of `preferences`, in their order."""
    quieten()
    tokenizer = prepare_tokenizer(load_tokenizer(open_artefact(trunk)))
    rows, lines = counted(tokenizer, sets, [pd.read_parquet(p) for p in preferences], max_length)
    write_csv(pd.DataFrame(rows), table)
    findings.write_text("\n\n".join(lines) + "\n")


def counted(
    tokenizer: PreTrainedTokenizerBase,
    sets: Sequence[str],
    tables: Sequence[pd.DataFrame],
    max_length: int,
) -> tuple[list[dict], list[str]]:
    """Return a row and a paragraph for each set."""
    rows, lines = [], []
    for name, pairs in zip(sets, tables, strict=True):
        ties, reading = read_set(pairs, tokenizer, max_length)
        counts = {"pairs": len(pairs), **ties._asdict(), **reading._asdict()}
        rows.append({"set": name, **counts})
        lines.append(in_words(name, ties, len(pairs), reading, max_length))
    return rows, lines


if __name__ == "__main__":
    main(tabulate_texts)
