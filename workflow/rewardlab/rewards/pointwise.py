"""Pointwise reward models: the logit that a response is good, learned from labels by cross-entropy.

One trunk has a logit for each kind of label. Reward Model Aggregation, section 2, eq. (1).
"""

from collections.abc import Sequence

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from transformers import (
    DataCollatorWithPadding,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

from rewardlab.settings.aggregation import PointwiseSettings


def train_pointwise(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[list[int]],
    labels: NDArray[np.bool_],
    settings: PointwiseSettings,
    seed: int,
    folder: str,
) -> None:
    """Train `model` in place on token rows and their labels (n, K), a logit for each of K.

    folder: where transformers' Trainer may write; it keeps nothing there.
    """
    model.config.problem_type = "multi_label_classification"
    arguments = TrainingArguments(
        output_dir=folder,
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
    )
    data = {"input_ids": list(rows), "labels": labels.astype(np.float32).tolist()}
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(data),
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    model.eval()
