"""Trainings that are too brief for checkpoints: transformers' Trainer, which keeps nothing."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from datasets import Dataset
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainingArguments


class Brief(Protocol):
    """Settings of such a training."""

    epochs: float
    batch_size: int
    learning_rate: float


def train_briefly(
    model: PreTrainedModel,
    data: Mapping[str, Sequence[Any]],
    collator: Callable[[list[dict[str, Any]]], Mapping[str, Any]],
    settings: Brief,
    seed: int,
    folder: str | Path,
    trainer: type[Trainer] = Trainer,
    **options: Any,
) -> None:
    """Train `model` in place on columns of data; its learning rate falls to 0 along a cosine.

    Rows of a batch are of like lengths (input_ids), so that padding is short.

    folder: where the Trainer may write; trainer, options: the kind, and what else it takes.
    """
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        train_sampling_strategy="group_by_length",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
    )
    training = trainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(dict(data)),
        data_collator=collator,
        **options,
    )
    training.remove_callback(PrinterCallback)
    training.train()
    model.eval()
