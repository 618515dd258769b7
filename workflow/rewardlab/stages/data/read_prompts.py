"""Reads prompts from their source, as they stand or cut from beginnings, each with its split."""

import logging
from pathlib import Path

import pandas as pd
from transformers import PreTrainedTokenizerBase

from rewardlab.data.manifest import files_of, open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.data.prompts import cut_prompts, read_texts, whole_prompts
from rewardlab.data.rows import read_rows
from rewardlab.data.splits import split_of
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.data import CuttingSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


@stage
def read_prompts(
    source: Input,
    prompts: Output,
    settings: CuttingSettings,
    seed: Seed,
    model: Inputs = (),
    evaluation: Inputs = (),
) -> None:
    """A prompt set from the files of its source, which a manifest lists.

    model: the language model, in whose tokens prompts are cut; none where they are not; evaluation:
    a source with the prompts for evaluation; none: those of `source` are divided by a hash.
    """
    quieten()
    tokenizer = load_tokenizer(open_artefact(model[0])) if model else None
    found = _prompts(source, settings, tokenizer, seed)
    if evaluation:
        held_out = _prompts(evaluation[0], settings, tokenizer, derive_seed(seed, "evaluation"))
        # Beginnings of different texts may coincide, most of all short ones: they stay.
        both = held_out.prompt.isin(found.prompt).sum()
        log.info("%d of %d prompts for evaluation are also for training", both, len(held_out))
        found = pd.concat([found.assign(split="train"), held_out.assign(split="evaluation")])
    else:
        found["split"] = [split_of(prompt) for prompt in found.prompt]
    for split in ("train", "evaluation"):
        if not found.split.eq(split).any():
            raise UserError(
                f"{source} leaves no prompt for the split {split}, of {len(found)}; expected some "
                "of either (data.prompts: source, evaluation, minimum_characters)."
            )
    found.to_parquet(prompts, index=False)


def _prompts(
    source: Path,
    settings: CuttingSettings,
    tokenizer: PreTrainedTokenizerBase | None,
    seed: int,
) -> pd.DataFrame:
    """Return the prompts of a source, as they stand or cut."""
    files = files_of(source)
    texts = read_texts(read_rows(files))
    if tokenizer is None:
        found = whole_prompts(texts, settings.minimum_characters)
    else:
        found = cut_prompts(
            texts,
            lambda text: tokenizer(text, add_special_tokens=False).input_ids,
            tokenizer.decode,
            settings.minimum_characters,
            settings.shortest,
            settings.longest,
            seed,
        )
    log.info("%d prompts from %s", len(found), ", ".join(map(str, files)))
    return pd.DataFrame({"prompt": found})


if __name__ == "__main__":
    main(read_prompts)
