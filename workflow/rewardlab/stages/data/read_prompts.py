"""Reads texts from their source and cuts their beginnings into prompts, each with its split."""

import logging

import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.data.prompts import cut_prompts, read_texts
from rewardlab.data.rows import read_rows
from rewardlab.data.sources import resolve
from rewardlab.data.splits import split_of
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.data import PromptBuilderSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


@stage
def read_prompts(
    model: Input, prompts: Output, settings: PromptBuilderSettings, seed: Seed, key: str
) -> None:
    """A prompt set cut from the texts of its source; key: where that stands in the config."""
    quieten()
    files = resolve(settings.source, "dataset", f"{key}.source")
    tokenizer = load_tokenizer(open_artefact(model))
    cut = cut_prompts(
        read_texts(read_rows(files)),
        lambda text: tokenizer(text, add_special_tokens=False).input_ids,
        tokenizer.decode,
        settings.minimum_characters,
        settings.shortest,
        settings.longest,
        seed,
    )
    log.info("%d prompts from %s", len(cut), ", ".join(map(str, files)))
    table = pd.DataFrame({"prompt": cut, "split": [split_of(prompt) for prompt in cut]})
    table.to_parquet(prompts, index=False)


if __name__ == "__main__":
    main(read_prompts)
