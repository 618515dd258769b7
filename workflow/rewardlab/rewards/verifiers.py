"""Reward models on solutions, each of a kind that the RLHF book names, from one language model.

Token classifiers give a logit for each class at every token, value functions the outcome that they
expect, language models a verdict, and models of pairs one reward at the end. All are Hugging Face
folders: AutoModelForTokenClassification, AutoModelForCausalLM, AutoModelForSequenceClassification.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss
from transformers import (
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
)

from rewardlab.data.pretrained import load_model
from rewardlab.rewards.brief_training import train_briefly
from rewardlab.rewards.padding import padded_right
from rewardlab.rewards.solutions import IGNORED, Rows
from rewardlab.rewards.trunk import last_layer
from rewardlab.settings.tokens import TokenTrainingSettings

BATCH = 512


def new_token_model(folder: Path, classes: int) -> PreTrainedModel:
    """Return a language model's trunk with a new layer at every token; classes: 1 for a value."""
    return load_model(
        AutoModelForTokenClassification,
        folder,
        "a language model with every layer below the last",
        new=lambda model, name: not name.startswith(f"{model.base_model_prefix}."),
        num_labels=classes,
    )


def load_token_model(folder: Path) -> PreTrainedModel:
    """Return a model of labels of tokens; raises UserError if the folder is none."""
    what = "a token classifier with its last layer, as AutoModelForTokenClassification saves it"
    return load_model(AutoModelForTokenClassification, folder, what).eval()


class TokenTrainer(Trainer):
    """Trainer on labels of tokens: of classes, or of a value where there is one class.

    There is no dropout between trunk and layer, whatever the architecture has there.

    language_weight: of the language model's own loss, by the embeddings as the last layer.
    """

    def __init__(self, *args: Any, language_weight: float = 0.0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.language_weight = language_weight

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs["labels"]
        hidden = model.base_model(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).last_hidden_state
        logits, counted = last_layer(model)[2](hidden), labels.ne(IGNORED)
        if logits.shape[-1] == 1:
            loss = mse_loss(logits[counted][:, 0], labels[counted].to(logits.dtype))
        else:
            loss = cross_entropy(logits[counted], labels[counted].long())
        if self.language_weight:
            words = hidden @ model.get_input_embeddings().weight.T
            following = inputs["input_ids"][:, 1:].masked_fill(~counted[:, 1:], IGNORED)
            loss = loss + self.language_weight * cross_entropy(
                words[:, :-1].flatten(0, 1), following.flatten()
            )
        return (loss, logits) if return_outputs else loss


def train_tokens(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Rows,
    labels: Sequence[Sequence[float]],
    settings: TokenTrainingSettings,
    seed: int,
    folder: Path,
    language_weight: float = 0.0,
) -> None:
    """Train `model` in place on rows and labels of their tokens, IGNORED where none counts.

    A language model learns to say the labels; every other, to give them. folder: where the Trainer
    may write; it keeps nothing there.
    """
    tokenizer.padding_side = "right"
    data = {"input_ids": rows, "labels": list(map(list, labels))}
    speaks = model.can_generate()
    options = {} if speaks else {"trainer": TokenTrainer, "language_weight": language_weight}
    collator = DataCollatorForTokenClassification(tokenizer)
    train_briefly(model, data, collator, settings, seed, folder, **options)


@torch.inference_mode()
def token_outputs(model: PreTrainedModel, rows: Rows, pad: int) -> list[Tensor]:
    """Return the outputs (T, C) of a model at the T tokens of each row, in single precision."""
    found: list[Tensor] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        tokens, mask = padded_right(batch, pad)
        logits = (
            model(input_ids=tokens.to(model.device), attention_mask=mask.to(model.device))
            .logits.float()
            .cpu()
        )
        found += [row[:length] for row, length in zip(logits, map(len, batch), strict=True)]
    return found
