"""Counts what is lost of each preference set's texts before a reward model sees them.

A row for each set: pairs, ties (two equal responses), texts, empty responses, texts that are longer
than a reward model reads, tokens that are read, and those of them that are unknown.
"""

from collections.abc import Sequence

import pandas as pd
from transformers import PreTrainedTokenizerBase

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.texts import Reading, encode_and_count, prepare_tokenizer
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.rewards import Length


def read_set(
    pairs: pd.DataFrame, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> tuple[int, Reading]:
    """Return the number of ties, and how much of both sides of all pairs is read."""
    prompts = [*pairs.prompt, *pairs.prompt]
    responses = [*pairs.chosen, *pairs.rejected]
    _, reading = encode_and_count(tokenizer, prompts, responses, max_length)
    return int(pairs.chosen.eq(pairs.rejected).sum()), reading


def in_words(name: str, ties: int, pairs: int, reading: Reading, max_length: int) -> str:
    """Return what was found of one set as a paragraph."""
    text = f"{name}: {ties} of {pairs} pairs are ties; {reading.in_words(max_length)}"
    if reading.is_mostly_lost:
        text += " **Most of these texts does not reach the reward models.**"
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
        rows.append({"set": name, "pairs": len(pairs), "ties": ties, **reading._asdict()})
        lines.append(in_words(name, ties, len(pairs), reading, max_length))
    return rows, lines


if __name__ == "__main__":
    main(tabulate_texts)
