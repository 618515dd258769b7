"""Models and tokenizers from Hugging Face folders: whole, or not at all."""

import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from rewardlab.data.dialogues import waiting
from rewardlab.running.devices import attention
from rewardlab.running.errors import UserError


def load_tokenizer(folder: Path, **options: Any) -> PreTrainedTokenizerBase:
    """Return a folder's tokenizer; raises UserError if it has none."""
    _check_folder(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    except Exception as error:  # transformers raises whatever the missing file leads to
        raise UserError(f"{folder} has no tokenizer that can be read ({_reason(error)}).") from None
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        # Without any file of it, transformers makes one of the model's kind that knows no word.
        raise UserError(
            f"{folder} has no tokenizer: its files, such as tokenizer.json, are missing."
        )
    return tokenizer


def load_model(
    kind: Any,
    folder: Path,
    what: str,
    new: Callable[[PreTrainedModel, str], bool] = lambda model, name: False,
    **options: Any,
) -> PreTrainedModel:
    """Return the model of a folder in single precision, with all weights from its files.

    kind: one of transformers' auto classes; new: says of which weights they may be missing, and
    are drawn at random; what: is expected, for the message. Raises UserError if the folder is no
    model, or lacks weights: transformers draws them at random and goes on.
    """
    _check_folder(folder)
    # transformers would take the files' precision, and leave other shapes to a report that it logs.
    options = {"dtype": torch.float32, "ignore_mismatched_sizes": True, **attention(), **options}
    try:
        model, report = kind.from_pretrained(folder, output_loading_info=True, **options)
    except Exception as error:
        raise UserError(f"{folder} is no model that can be read ({_reason(error)}).") from None
    drawn = [*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])]
    missing = sorted(name for name in drawn if not new(model, name))
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise UserError(
            f"{folder} lacks {', '.join(missing[:3])}{more}, which would be drawn at random for "
            f"{type(model).__name__}; expected {what}."
        )
    return model


def load_language_model(folder: Path) -> PreTrainedModel:
    """Return a causal language model; raises UserError if the folder is none.

    A reward model on a language model's trunk has all the weights of one, and speaks no language.
    """
    _check_folder(folder)
    kinds = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures")
    if kinds and all(kind.endswith("Classification") for kind in kinds):
        raise UserError(f"{folder} is {kinds[0]}; expected a causal language model.")
    return load_model(AutoModelForCausalLM, folder, "a causal language model with all its weights")


def encode_prompts(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str]) -> list[list[int]]:
    """Return the tokens of prompts as a language model answers them.

    In the chat template with the assistant's turn begun, where the tokenizer has one; else as they
    stand. Raises UserError if the template refuses one.
    """
    if tokenizer.chat_template is None:
        return tokenizer(list(prompts)).input_ids
    texts = []
    for prompt in prompts:
        try:
            texts.append(
                tokenizer.apply_chat_template(
                    waiting(prompt), tokenize=False, add_generation_prompt=True
                )
            )
        except Exception as error:  # jinja2's, or what a template raises itself
            raise UserError(
                f"the language model's chat template refuses the prompt {prompt[:60]!r} "
                f"({_reason(error)})."
            ) from None
    return tokenizer(texts, add_special_tokens=False).input_ids


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens that end a response: the tokenizer's, and those the model generates by.

    Chat models end a turn by another token than a text.
    """
    found = getattr(model.generation_config, "eos_token_id", None)
    listed = [found] if isinstance(found, int) else list(found or ())
    return list(dict.fromkeys([*listed, tokenizer.eos_token_id]))


def positions_of(model: PreTrainedModel) -> int | None:
    """Return the number of tokens that a model can read at most; None: no limit is known."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if not isinstance(limit, int) or limit < 1:
        return None
    for name, module in model.named_modules():
        # RoBERTa and its kin count positions from behind the padding token's.
        is_table = name.endswith("position_embeddings") and isinstance(module, nn.Embedding)
        if is_table and module.padding_idx is not None:
            return module.num_embeddings - module.padding_idx - 1
    return limit


def check_room(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Iterable[str],
    response_tokens: int,
) -> None:
    """Raise UserError if a prompt leaves a response of so many tokens no room in the model."""
    limit = positions_of(model)
    unique = list(dict.fromkeys(prompts))
    if limit is None or not unique:
        return
    lengths = [len(row) for row in encode_prompts(tokenizer, unique)]
    longest = max(range(len(unique)), key=lengths.__getitem__)
    if lengths[longest] + response_tokens > limit:
        raise UserError(
            f"the prompt {unique[longest][:60]!r} has {lengths[longest]} tokens, and a response "
            f"may have {response_tokens}, but the language model reads {limit} at most; expected "
            "shorter prompts or responses."
        )


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        inside = sorted(file.name for file in folder.iterdir())[:5] if folder.is_dir() else []
        found = f"found {', '.join(inside)}" if inside else "it is empty"
        raise UserError(f"{folder} is no Hugging Face model: config.json is missing; {found}.")
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{folder / 'config.json'} is not valid JSON ({error}).") from None


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return textwrap.shorten(text, 200, placeholder=" ...")
