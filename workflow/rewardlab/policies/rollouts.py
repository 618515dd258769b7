"""Responses sampled from a causal language model."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.data.pretrained import encode_prompts, end_tokens
from rewardlab.policies.actor import padded_left
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress
from rewardlab.seeds import derive_seed


@torch.inference_mode()
def sample_responses(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    max_new_tokens: int,
    seed: int,
    batch_size: int = 512,
    state: Path | None = None,
    greedy: bool = False,
    min_p: float = 0.0,
) -> list[str]:
    """Return one response to each prompt, drawn from the model's own distribution.

    Sampling is pure (no top-k, no nucleus, temperature 1), and ends at the end token. Prompts are
    taken in order of length, so that padding is short; the order of the result is that of the
    prompts. state: a folder that belongs to this very call, where
    batches are kept as they are drawn; those found there are not drawn again. greedy: the likeliest
    token is taken every time, and nothing is drawn. min_p: tokens are not drawn that have less than
    this share of the likeliest one's probability.
    """
    model.eval()
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index].split()))
    responses = [""] * len(prompts)
    starts = range(0, len(order), batch_size)
    for start in progress(starts, "sampling responses", len(starts)):
        indices = order[start : start + batch_size]
        file = None if state is None else state / f"batch-{start:09d}.json"
        if file is not None and file.exists():
            texts = json.loads(file.read_text())
        else:
            torch.manual_seed(derive_seed(seed, start))
            asked = [prompts[at] for at in indices]
            texts = _one_batch(model, tokenizer, asked, max_new_tokens, greedy, min_p)
            if file is not None:
                with published(file) as partial:
                    partial.write_text(json.dumps(texts))
        for index, text in zip(indices, texts, strict=True):
            responses[index] = text
    return responses


def _one_batch(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    max_new_tokens: int,
    greedy: bool,
    min_p: float,
) -> list[str]:
    # A configuration of its own: a repository's may have penalties and cut-offs.
    drawn = {} if greedy else {"top_k": 0, "top_p": 1.0, "temperature": 1.0}
    if min_p and not greedy:
        drawn["min_p"] = min_p
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    batch = padded_left(encode_prompts(tokenizer, prompts), pad)
    how = GenerationConfig(
        do_sample=not greedy,
        **drawn,
        max_new_tokens=max_new_tokens,
        pad_token_id=pad,
        eos_token_id=end_tokens(model, tokenizer),
    )
    tokens = model.generate(
        input_ids=batch.tokens.to(model.device),
        attention_mask=batch.mask.to(model.device),
        generation_config=how,
    )[:, batch.tokens.shape[1] :]
    return tokenizer.batch_decode(tokens, skip_special_tokens=True)
