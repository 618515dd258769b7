"""The embedded judge: the world's language model with room for two answers, and verdicts to
give."""

from collections.abc import Sequence

import torch
from transformers import GPT2LMHeadModel, PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.judging.comparisons import FIRST, SECOND, TIE
from rewardlab.world.language_model import IGNORED, new_gpt2, word_tokenizer

WORDS = (FIRST, SECOND, TIE, "Verdict:")
POSITIONS = 64


@torch.no_grad()
def widened(
    model: GPT2LMHeadModel, words: Sequence[str], seed: int
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return a copy of a world's model that reads twice as far and knows the words of verdicts.

    It has one block more: which answer a word belongs to is read in one, and what it is worth there
    in the next. words: the vocabulary of the model. What is new is drawn from the seed.
    """
    tokenizer = word_tokenizer((*words, *WORDS), POSITIONS)
    config = model.config
    copy = new_gpt2(tokenizer, config.n_layer + 1, config.n_embd, config.n_head, seed)
    ours, theirs = copy.state_dict(), model.state_dict()
    for name, weights in theirs.items():
        ours[name][tuple(slice(size) for size in weights.shape)] = weights
    copy.load_state_dict(ours)
    return copy, tokenizer


def verdict_labels(
    tokenizer: PreTrainedTokenizerBase, requests: Sequence[str], verdicts: Sequence[str]
) -> tuple[list[list[int]], list[list[int]]]:
    """Return token rows of requests with their verdicts and an end, which alone count."""
    asked = tokenizer(list(requests)).input_ids
    end = tokenizer.eos_token_id
    said = [[tokenizer.convert_tokens_to_ids(verdict), end] for verdict in verdicts]
    rows = [[*request, *verdict] for request, verdict in zip(asked, said, strict=True)]
    labels = [
        [IGNORED] * len(request) + verdict for request, verdict in zip(asked, said, strict=True)
    ]
    return rows, labels
