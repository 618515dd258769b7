"""Reads texts from their source and cuts their beginnings into prompts, each with its split."""

import logging

import pandas as pd
from transformers import AutoTokenizer

from rewardlab.command_line import Command, Job
from rewardlab.data.manifest import open_artefact
from rewardlab.data.parts import split_of
from rewardlab.data.prompts import cut_prompts, read_texts
from rewardlab.data.rows import read_rows
from rewardlab.data.source_settings import PromptBuilderSettings
from rewardlab.data.sources import resolve
from rewardlab.libraries import quieten

log = logging.getLogger("rewardlab")


def run(job: Job) -> None:
    quieten()
    settings = job.settings
    files = resolve(settings.source, "dataset", f"{job.options['key']}.source")
    tokenizer = AutoTokenizer.from_pretrained(open_artefact(job.inputs["model"]))
    prompts = cut_prompts(
        read_texts(read_rows(files)),
        lambda text: tokenizer(text, add_special_tokens=False).input_ids,
        tokenizer.decode,
        settings.minimum_characters,
        settings.shortest,
        settings.longest,
        job.seed,
    )
    log.info("%d prompts from %s", len(prompts), ", ".join(map(str, files)))
    table = pd.DataFrame({"prompt": prompts, "split": [split_of(prompt) for prompt in prompts]})
    table.to_parquet(job.outputs["prompts"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    settings=PromptBuilderSettings,
    seeded=True,
    inputs=("model",),
    outputs=("prompts",),
    options={"key": "where the settings stand in the config, for messages"},
)

if __name__ == "__main__":
    COMMAND.main()
