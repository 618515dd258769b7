"""Trains the embedded world's base language model: a small GPT-2 on the world's texts.

The texts are written by the world's speakers: a prompt, an answer, the end token. The model is
saved with its tokenizer as a Hugging Face folder.
"""

import logging
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    DataCollatorForLanguageModeling,
    GPT2Config,
    GPT2LMHeadModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from rewardlab.data.manifest import write_manifest
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.types import Seed
from rewardlab.settings.world import POSITIONS, WorldModelSettings, WorldSettings
from rewardlab.world.grammar import Speaker, all_prompts
from rewardlab.world.tokenizer import build_tokenizer

log = logging.getLogger("rewardlab")


class LogLosses(TrainerCallback):
    """Write the Trainer's losses to the stage's log rather than to the terminal."""

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            log.info("step %d of %d: loss %.3f", state.global_step, state.max_steps, logs["loss"])


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
    encoded = tokenizer([f"{text} {tokenizer.eos_token}" for text in texts])
    tokenizer.padding_side = "right"  # in training, so that every text starts at position 0
    torch.manual_seed(derive_seed(seed, "weights"))
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=POSITIONS,
            n_embd=settings.width,
            n_layer=settings.layers,
            n_head=settings.heads,
            activation_function="gelu_pytorch_tanh",  # GPT-2's own function, in one kernel
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        logging_steps=max(1, settings.steps // 10),
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        seed=derive_seed(seed, "order"),
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(dict(encoded)),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
        callbacks=[LogLosses()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    tokenizer.padding_side = "left"  # in use, so that generation continues every prompt
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
