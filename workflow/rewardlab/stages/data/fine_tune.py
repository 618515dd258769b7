"""Fine-tunes the language model on texts, by TRL's SFTTrainer, before policies start from it.

Rows are chats (`messages`), prompts with a response, preferences (their chosen response is
learned), or plain texts. Dialogues are set in the tokenizer's chat template, where it has one.
"""

import logging
from pathlib import Path
from typing import NamedTuple

import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, PrinterCallback
from trl import SFTConfig, SFTTrainer

from rewardlab.data.checkpoints import MarkComplete, SafeCheckpoints, last_checkpoint
from rewardlab.data.dialogues import checked_chat, messages, prompt_of, response_of
from rewardlab.data.manifest import files_of, open_artefact, write_manifest
from rewardlab.data.passes import passes_of
from rewardlab.data.preferences import read_pairs, renamed
from rewardlab.data.pretrained import load_language_model, load_tokenizer
from rewardlab.data.rows import Row, read_rows
from rewardlab.data.splits import splits_of
from rewardlab.rewards.texts import joined
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.several_cards import leave_if_follower
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.settings.data import FineTuningSettings, SplitSettings, TextsSourceSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")
CHECKPOINT_STEPS = 200


class SafeSFTTrainer(SafeCheckpoints, SFTTrainer):
    """TRL's trainer, with checkpoints that nothing is pickled in."""


class Lesson(NamedTuple):
    """A prompt, empty if there is none, and what is to be said: a text, or a whole chat."""

    prompt: str
    text: str | list[dict[str, str]]


def lesson_of(row: Row) -> Lesson:
    """Return what the model is to learn from a row; raises UserError that names the row's place."""
    location, fields = row
    if fields.get("messages") is not None:
        return Lesson("", checked_chat(list(fields["messages"]), f"{location}: messages"))
    if "text" in fields and "response" not in fields and "chosen" not in fields:
        return Lesson("", prompt_of(fields, "text", location))
    if "chosen" in fields:
        (pair,) = read_pairs([row])
        prompt, response = pair.prompt, pair.chosen
    else:
        prompt = prompt_of(fields, "prompt", location)
        response = response_of(fields, "response", location)
    return Lesson(prompt, response)


def tokens_of(lesson: Lesson, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return a lesson's tokens: in the chat template, if there is one, or closed by an end."""
    chat = lesson.text
    if isinstance(chat, str) and lesson.prompt:
        chat = messages(lesson.prompt, chat)
    if tokenizer.chat_template is not None and not isinstance(chat, str):
        text = tokenizer.apply_chat_template(chat, tokenize=False)
        return tokenizer(text, add_special_tokens=False).input_ids
    if isinstance(lesson.text, str):
        text = joined(lesson.prompt, lesson.text)
    else:
        text = "\n\n".join(message["content"] for message in lesson.text)
    row = tokenizer(text).input_ids
    end = tokenizer.eos_token_id
    return row if end is None or row[-1:] == [end] else [*row, end]


def lessons_of(source: Path, settings: TextsSourceSettings, splits: SplitSettings) -> list[Lesson]:
    """Return the lessons of a source, but for prompts that are put aside."""
    rows = renamed(read_rows(files_of(source)), settings.columns)
    every = [lesson_of(row) for row in rows]
    split = splits_of([lesson.prompt for lesson in every], splits)
    kept = [
        lesson
        for lesson, part in zip(every, split, strict=True)
        if not lesson.prompt or part == "train"
    ]
    log.info("%s: %d texts, %d of prompts that are put aside", source, len(kept), len(every))
    return kept


@stage(several_cards=True)
def fine_tune(
    model: Input,
    sources: Inputs,
    tuned: Output,
    manifest: Output,
    measured: Output,
    state: State,
    settings: FineTuningSettings,
    splits: SplitSettings,
    seed: Seed,
) -> None:
    """The tuned language model; sources: manifests of files, in the order of the settings."""
    quieten()
    folder = open_artefact(model)
    network, tokenizer = load_language_model(folder), load_tokenizer(folder, padding_side="right")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    rows = [
        tokens_of(lesson, tokenizer)[: settings.max_length]
        for source, given in zip(sources, settings.sources.values(), strict=True)
        for lesson in lessons_of(source, given, splits)[: settings.limit]
    ]
    folder_of_training = state / "training"
    arguments = SFTConfig(
        output_dir=str(folder_of_training),
        num_train_epochs=settings.epochs,
        **passes_of(settings),
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        max_length=settings.max_length,
        save_strategy="steps",
        save_steps=CHECKPOINT_STEPS,
        save_total_limit=2,
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
    )
    with costs(state, measured, what="fine-tuned language model") as notes:
        trainer = SafeSFTTrainer(
            model=network,
            args=arguments,
            processing_class=tokenizer,
            train_dataset=Dataset.from_dict({"input_ids": rows}),
            callbacks=[MarkComplete()],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=last_checkpoint(folder_of_training))
        leave_if_follower()
        notes["texts"] = len(rows)
        notes["epochs"] = settings.epochs
    network.eval().save_pretrained(tuned)
    tokenizer.save_pretrained(tuned)
    write_manifest(manifest, tuned)


if __name__ == "__main__":
    main(fine_tune)
