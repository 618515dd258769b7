"""Trains a GPT-2 on texts, with a byte-level tokenizer of its own, and says what it has learned.

For users without a pretrained model: small, and honest about it. The table has its perplexity on
texts that were put aside, in nats and per token, beside that of a bigram model of the same tokens,
smoothed by the unigrams. Columns: model, perplexity, nats, tokens.
"""

import hashlib
import logging

import numpy as np
import pandas as pd
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from rewardlab.data.manifest import files_of, write_manifest
from rewardlab.data.prompts import read_texts
from rewardlab.data.rows import read_rows
from rewardlab.evaluation.tables import write_csv
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.data import PretrainingSettings
from rewardlab.settings.types import Seed
from rewardlab.world.language_model import new_gpt2, train_on_rows

log = logging.getLogger("rewardlab")
END = "<|endoftext|>"
HELD_OUT = 0.02
CHECKPOINT_STEPS = 200
SMOOTHING = 1.0  # texts' worth of unigrams beside what follows a token


def byte_level_tokenizer(texts: list[str], size: int, positions: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer, GPT-2's kind, of `size` tokens learned from texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        bos_token=END,
        pad_token=END,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=positions,
    )


def rows_of(tokenizer: PreTrainedTokenizerFast, texts: list[str], width: int) -> list[list[int]]:
    """Return texts, each closed by the end token, one after the other in rows of `width` tokens."""
    end = tokenizer.eos_token_id
    flat = [token for row in tokenizer(texts).input_ids for token in (*row, end)]
    return [flat[at : at + width] for at in range(0, len(flat) - width + 1, width)]


def bigram_nats(rows: list[list[int]], held_out: list[list[int]], size: int) -> float:
    """Return the mean negative log-likelihood per token of a bigram model, smoothed by unigrams."""
    seen = np.array(rows)
    unigrams = np.bincount(seen.ravel(), minlength=size) + 1.0
    unigrams /= unigrams.sum()
    keys, counts = np.unique(seen[:, :-1].astype(np.int64) * size + seen[:, 1:], return_counts=True)
    following = np.bincount(seen[:, :-1].ravel(), minlength=size)
    asked = np.array(held_out)
    before, after = asked[:, :-1].ravel(), asked[:, 1:].ravel()
    at = np.searchsorted(keys, before.astype(np.int64) * size + after).clip(max=len(keys) - 1)
    found = np.where(keys[at] == before.astype(np.int64) * size + after, counts[at], 0)
    weight = SMOOTHING * len(unigrams) ** 0.5
    probability = (found + weight * unigrams[after]) / (following[before] + weight)
    return float(-np.log(probability).mean())


@torch.inference_mode()
def model_nats(model, held_out: list[list[int]]) -> float:
    """Return the same of a language model."""
    total = 0.0
    for start in range(0, len(held_out), 64):
        rows = torch.tensor(held_out[start : start + 64], device=model.device)
        logs = model(rows).logits[:, :-1].log_softmax(-1)
        total -= float(logs.gather(-1, rows[:, 1:, None]).sum())
    return total / (len(held_out) * (len(held_out[0]) - 1))


@stage
def pretrain(
    source: Input,
    model: Output,
    manifest: Output,
    table: Output,
    state: State,
    settings: PretrainingSettings,
    seed: Seed,
) -> None:
    """A language model from texts; source: the manifest of their files."""
    quieten()
    texts = list(dict.fromkeys(read_texts(read_rows(files_of(source)))))
    texts.sort(key=lambda text: hashlib.sha256(text.encode()).digest())
    aside = max(1, round(HELD_OUT * len(texts)))
    kept, chosen = texts[:aside], texts[aside : aside + settings.texts]
    if not chosen:
        raise UserError(f"{source} lists {len(texts)} texts; expected two different ones at least.")
    tokenizer = byte_level_tokenizer(chosen, settings.vocabulary, settings.positions)
    rows, held_out = (rows_of(tokenizer, part, settings.positions) for part in (chosen, kept))
    if not rows or not held_out:
        raise UserError(
            f"{source}: its texts come to {len(rows)} rows of {settings.positions} tokens for "
            f"training, and {len(held_out)} for evaluation; expected some of both."
        )
    weights = derive_seed(seed, "weights")
    network = new_gpt2(tokenizer, settings.layers, settings.width, settings.heads, weights)
    train_on_rows(
        network,
        tokenizer,
        rows,
        rows,
        settings.steps,
        settings.batch_size,
        settings.learning_rate,
        derive_seed(seed, "order"),
        state / "training",
        checkpoint_steps=CHECKPOINT_STEPS,
    )
    nats = {
        "language model": model_nats(network, held_out),
        "bigrams": bigram_nats(rows, held_out, len(tokenizer)),
    }
    tokens = sum(len(row) - 1 for row in held_out)
    found = pd.DataFrame({"model": nats.keys(), "nats": nats.values()})
    found.insert(1, "perplexity", np.exp(found.nats))
    write_csv(found.assign(tokens=tokens), table)
    log.info("perplexity on %d held-out tokens: %s", tokens, found.to_dict("records"))
    network.save_pretrained(model)
    tokenizer.save_pretrained(model)
    write_manifest(manifest, model)


if __name__ == "__main__":
    main(pretrain)
