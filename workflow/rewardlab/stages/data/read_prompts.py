"""Reads prompts from their source, as they stand or cut from beginnings, each with its split."""

import logging

import pandas as pd

from rewardlab.data.manifest import files_of, open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.data.prompts import cut_prompts, read_texts, whole_prompts
from rewardlab.data.rows import read_rows
from rewardlab.data.splits import split_of
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.data import CuttingSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


@stage
def read_prompts(
    source: Input, prompts: Output, settings: CuttingSettings, seed: Seed, model: Inputs = ()
) -> None:
    """A prompt set from the files of its source, which a manifest lists.

    model: the language model, in whose tokens prompts are cut; none where they are not.
    """
    quieten()
    files = files_of(source)
    texts = read_texts(read_rows(files))
    if settings.longest is None:
        found = whole_prompts(texts, settings.minimum_characters)
    else:
        tokenizer = load_tokenizer(open_artefact(model[0]))
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
    table = pd.DataFrame({"prompt": found, "split": [split_of(prompt) for prompt in found]})
    table.to_parquet(prompts, index=False)


if __name__ == "__main__":
    main(read_prompts)
