"""Trains the embedded world's base language model: a small GPT-2 on the world's texts.

The texts are written by the world's speakers: a prompt, an answer, the end token. The model is
saved with its tokenizer as a Hugging Face folder.
"""

from pathlib import Path

import numpy as np

from rewardlab.data.manifest import write_manifest
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.types import Seed
from rewardlab.settings.world import WorldModelSettings, WorldSettings
from rewardlab.world.grammar import Speaker, all_prompts
from rewardlab.world.language_model import new_gpt2, train_on_rows
from rewardlab.world.tokenizer import build_tokenizer


def world_texts(settings: WorldSettings, count: int, seed: int) -> list[str]:
    """Return `count` texts: prompts drawn uniformly, each with an answer."""
    rng = np.random.default_rng(seed)
    prompts = all_prompts()
    asked = [prompts[index] for index in rng.integers(len(prompts), size=count)]
    answers = Speaker(settings).answers(asked, rng)
    return [f"{prompt.text} {answer}" for prompt, answer in zip(asked, answers, strict=True)]


def train(world: WorldSettings, settings: WorldModelSettings, seed: int, folder: Path) -> None:
    """Train the model and save it, with its tokenizer, into `folder`."""
    tokenizer = build_tokenizer()
    texts = world_texts(world, settings.texts, derive_seed(seed, "texts"))
    rows = tokenizer([f"{text} {tokenizer.eos_token}" for text in texts]).input_ids
    model = new_gpt2(
        tokenizer, settings.layers, settings.width, settings.heads, derive_seed(seed, "weights")
    )
    train_on_rows(
        model,
        tokenizer,
        rows,
        rows,
        settings.steps,
        settings.batch_size,
        settings.learning_rate,
        derive_seed(seed, "order"),
        folder,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@stage
def train_language_model(
    model: Output,
    manifest: Output,
    world: WorldSettings,
    settings: WorldModelSettings,
    seed: Seed,
) -> None:
    """The embedded world's base language model."""
    quieten()
    train(world, settings, seed, model)
    write_manifest(manifest, model)


if __name__ == "__main__":
    main(train_language_model)
