"""A reward model as a trunk and a last linear layer, whatever its architecture.

Any model that `AutoModelForSequenceClassification` knows ends in a linear layer to the rewards.
With an identity in its place the model returns its own pooled features: transformers keeps deciding
which token counts.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from rewardlab.data.manifest import write_manifest
from rewardlab.data.pretrained import load_model, load_tokenizer, positions_of
from rewardlab.rewards.padding import padded_right
from rewardlab.rewards.texts import prepare_tokenizer
from rewardlab.running.errors import UserError

BATCH = 512  # rows that are read at once


def load_reward_model(
    folder: Path, heads: int | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model and its tokenizer; `heads` gives a trunk a new last layer of that size.

    The padding token is made known to the model, which finds the last token of a text by it.
    Raises UserError if the folder has no reward head, or lacks something else.
    """
    tokenizer = prepare_tokenizer(load_tokenizer(folder))
    if heads is None:
        what = "a reward model with its head, as AutoModelForSequenceClassification saves it"
        model = load_model(AutoModelForSequenceClassification, folder, what)
    else:
        model = load_trunk(folder, heads)
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    return model.eval(), tokenizer


def load_trunk(folder: Path, heads: int) -> PreTrainedModel:
    """Return a model whose last layer is new, and nothing below the head."""
    options = {"num_labels": heads, "ignore_mismatched_sizes": True}
    kind = AutoModelForSequenceClassification
    drawn = set()

    def is_new(model: PreTrainedModel, name: str) -> bool:
        drawn.add(name)
        return _is_head(model, name)

    model = load_model(
        kind, folder, "a model with every layer below the last", new=is_new, **options
    )
    _, _, layer = last_layer(model)
    names = [name for name, parameter in model.named_parameters() if parameter is layer.weight]
    if not drawn.intersection(names):
        with torch.no_grad():  # the folder has a head of that size
            layer.weight.normal_(0.0, getattr(model.config, "initializer_range", 0.02))
            if layer.bias is not None:
                layer.bias.zero_()
    return model


def _is_head(model: PreTrainedModel, name: str) -> bool:
    """Return whether a weight is above the trunk, or pools what the trunk gives to it."""
    return not name.startswith(f"{model.base_model_prefix}.") or ".pooler." in name


def check_length(model: PreTrainedModel, length: int, folder: Path) -> None:
    """Raise UserError if texts of so many tokens go beyond the positions that the model has."""
    limit = positions_of(model)
    if limit is not None and length > limit:
        raise UserError(
            f"max_length is {length}, but the model in {folder} reads {limit} tokens at most; "
            f"expected at most {limit}."
        )


def check_vocabulary(model: PreTrainedModel, rows: Sequence[list[int]]) -> None:
    """Raise UserError if a text has no token, or one that the model has no embedding for."""
    known = model.get_input_embeddings().num_embeddings
    for index, row in enumerate(rows):
        if not row:
            raise UserError(
                f"text {index} (counted from 0) has no token; expected a prompt or a response."
            )
        if max(row) >= known:
            raise UserError(
                f"text {index} (counted from 0) has the token {max(row)}, but the model has "
                f"embeddings for {known}; expected the model's own tokenizer in its folder."
            )


def save_model(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, manifest: Path
) -> None:
    """Save a model and its tokenizer as a Hugging Face folder, with the manifest of its files."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_manifest(manifest, folder)


def last_layer(model: PreTrainedModel) -> tuple[nn.Module, str, nn.Linear]:
    """Return the parent, the name and the layer that maps features to rewards."""
    found = None
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and module.out_features == model.config.num_labels:
            parent, _, child = name.rpartition(".")
            if child in ("score", "classifier", "out_proj"):
                found = model.get_submodule(parent), child, module
    if found is None:
        raise ValueError(f"{type(model).__name__} does not end in a linear layer to its labels")
    return found


@contextmanager
def without_last_layer(model: PreTrainedModel) -> Iterator[nn.Linear]:
    """Make the model return its pooled features (B, H) as logits; yield the layer taken out."""
    parent, name, layer = last_layer(model)
    setattr(parent, name, nn.Identity())
    try:
        yield layer
    finally:
        setattr(parent, name, layer)


@torch.no_grad()
def set_heads(model: PreTrainedModel, weights: Tensor) -> None:
    """Give the model K heads: weights (K, H), and a bias of 0 where the architecture has one."""
    parent, name, layer = last_layer(model)
    heads = nn.Linear(layer.in_features, len(weights), bias=layer.bias is not None)
    heads.weight.copy_(weights)
    if heads.bias is not None:
        heads.bias.zero_()
    setattr(parent, name, heads)
    model.config.num_labels = model.num_labels = len(weights)


@torch.inference_mode()
def forward(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Sequence[list[int]]):
    """Return the logits (B, K) of token rows, padded to the longest, in float32 on the CPU."""
    given = padded_right(rows, tokenizer.pad_token_id)
    tokens, mask = (part.to(model.device) for part in given)
    return model(input_ids=tokens, attention_mask=mask).logits.float().cpu()


def rewards_of(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: Sequence[list[int]]
) -> Tensor:
    """Return the rewards (n,) of token rows by a model of one logit, in double precision."""
    starts = range(0, len(rows), BATCH)
    parts = [forward(model, tokenizer, rows[start : start + BATCH])[:, 0] for start in starts]
    return torch.cat(parts).double()
