"""Fine-tunes the language model on texts, by TRL's SFTTrainer, before policies start from it.

Rows are chats (`messages`), prompts with a response, preferences (their chosen response is
learned), or plain texts. Dialogues are set in the tokenizer's chat template, where it has one.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, PrinterCallback
from trl import SFTConfig, SFTTrainer

from rewardlab.data.dialogues import checked_chat, messages, prompt_of, response_of
from rewardlab.data.manifest import files_of, open_artefact, write_manifest
from rewardlab.data.preferences import read_pairs, renamed
from rewardlab.data.pretrained import load_language_model, load_tokenizer
from rewardlab.data.rows import Row, read_rows
from rewardlab.rewards.texts import joined
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.settings.data import FineTuningSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


def text_of(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """Return what the model is to learn from a row; raises UserError that names the row's place."""
    location, fields = row
    if fields.get("messages") is not None:
        chat = checked_chat(list(fields["messages"]), f"{location}: messages")
        if tokenizer.chat_template is not None:
            return tokenizer.apply_chat_template(chat, tokenize=False)
        return "\n\n".join(message["content"] for message in chat)
    if "text" in fields and "response" not in fields and "chosen" not in fields:
        return prompt_of(fields, "text", location)
    if "chosen" in fields:
        (pair,) = read_pairs([row])
        prompt, response = pair.prompt, pair.chosen
    else:
        prompt = prompt_of(fields, "prompt", location)
        response = response_of(fields, "response", location)
    if tokenizer.chat_template is not None and prompt:
        return tokenizer.apply_chat_template(messages(prompt, response), tokenize=False)
    return joined(prompt, response)


def texts_of(
    source: Path, columns: dict[str, str], limit: int | None, tokenizer: PreTrainedTokenizerBase
) -> Iterator[str]:
    """Yield the texts of a source, the first ones."""
    rows = renamed(read_rows(files_of(source)), columns)
    for number, row in enumerate(rows):
        if limit is not None and number == limit:
            return
        yield text_of(row, tokenizer)


@stage
def fine_tune(
    model: Input,
    sources: Inputs,
    tuned: Output,
    manifest: Output,
    measured: Output,
    state: State,
    settings: FineTuningSettings,
    seed: Seed,
) -> None:
    """The tuned language model; sources: manifests of files, in the order of the settings."""
    quieten()
    folder = open_artefact(model)
    network, tokenizer = load_language_model(folder), load_tokenizer(folder, padding_side="right")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    texts: list[str] = []
    for source, (name, given) in zip(sources, settings.sources.items(), strict=True):
        found = list(texts_of(source, given.columns, settings.limit, tokenizer))
        log.info("%s: %d texts", name, len(found))
        texts += found
    arguments = SFTConfig(
        output_dir=str(state / "training"),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        max_length=settings.max_length,
        save_strategy="no",
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
    )
    with costs(state, measured, what="fine-tuned language model") as notes:
        trainer = SFTTrainer(
            model=network,
            args=arguments,
            processing_class=tokenizer,
            train_dataset=Dataset.from_dict({"text": texts}),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        notes["texts"] = len(texts)
        notes["epochs"] = settings.epochs
    network.eval().save_pretrained(tuned)
    tokenizer.save_pretrained(tuned)
    write_manifest(manifest, tuned)


if __name__ == "__main__":
    main(fine_tune)
