"""A policy that PPO trains: a causal language model with a value head on its last hidden state.

Prompts are padded on the left, so that responses stand in the same columns of every row, and each
row counts its positions from its own first token: any causal model of transformers gives the same
numbers as without padding.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer

from rewardlab.policies import gpt2


class Prompts(NamedTuple):
    """Token ids (B, P), padded on the left, and their mask."""

    tokens: Tensor
    mask: Tensor


class Rollout(NamedTuple):
    """Sampled responses (B, T), the mask of their tokens, and what sampling computed on the way."""

    tokens: Tensor
    mask: Tensor
    logprobs: Tensor
    values: Tensor


def padded_left(rows: Sequence[Sequence[int]], pad: int) -> Prompts:
    """Return rows of token ids as one batch."""
    width = max(map(len, rows))
    tokens = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return Prompts(tokens, (torch.arange(width) >= width - lengths[:, None]).long())


class Actor(nn.Module):
    """A language model and a value head.

    end: the token that ends a response, or several of which any does; None: responses end at their
    greatest length. precision: float32, or bfloat16, of the trunk's passes; weights, logits,
    log-probabilities and values are in single precision. recompute: activations are
    computed again, layer by layer, in the backward pass.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        end: int | Sequence[int] | None,
        pad: int,
        precision: str = "float32",
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.mixed = precision != "float32"
        self.recompute = recompute
        if recompute:
            model.activation_checkpointing_enable()
        self.model = model.eval()  # dropout is off, but where `sample` is told otherwise
        self.value = nn.Linear(model.config.get_text_config().hidden_size, 1)
        ends = [end] if isinstance(end, int) else list(end or ())
        self.register_buffer("ends", torch.tensor(ends, dtype=torch.long), persistent=False)
        self.pad = pad

    def _before(self, prompts: Prompts, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return the hidden states (B, T, H) that each token of the responses is drawn from."""
        whole = torch.cat([prompts.tokens, tokens], 1)[:, :-1]
        seen = torch.cat([prompts.mask, mask], 1)[:, :-1]
        first = prompts.tokens.shape[1] - 1
        if gpt2.is_plain_gpt2(self.model) and not self.recompute:
            with self._precision():
                return gpt2.hidden_states(self.model, whole, seen, first)
        positions = (seen.cumsum(1) - 1).clamp(min=0)
        with recomputed(self.model) if self.recompute else nullcontext(), self._precision():
            outputs = self.model.base_model(
                input_ids=whole, attention_mask=seen, position_ids=positions, use_cache=False
            )
        return outputs.last_hidden_state[:, first:]

    def forward(self, prompts: Prompts, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probabilities and values (B, T) of responses (B, T).

        Only the response's columns go through the language model's head.
        """
        hidden = self._before(prompts, tokens, mask)
        logits, values = self._said_of(hidden)
        return chosen_logprobs(logits, tokens), values

    def next_tokens(self, prompts: Prompts, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return the log-probabilities (B, T, V) of all tokens at each place of the responses."""
        logits, _ = self._said_of(self._before(prompts, tokens, mask))
        return logits.log_softmax(-1)

    @torch.inference_mode()
    def sample(
        self, prompts: Prompts, length: int, generator: torch.Generator, dropout: bool = False
    ) -> Rollout:
        """Return responses of at most `length` tokens from the model's own distribution.

        Pure sampling, that is no top-k, no nucleus, temperature 1, no least length: with anything
        else the estimate of the KL divergence is biased, and can be negative. dropout: draw tokens
        with the model's dropout, of torch's global generator; log-probabilities and values are
        without.
        """
        if not dropout:
            return self._drawn(prompts, length, generator)
        self.model.train()
        try:
            drawn = self._drawn(prompts, length, generator)
        finally:
            self.model.eval()
        logprobs, values = self(prompts, drawn.tokens, drawn.mask)
        return drawn._replace(logprobs=logprobs * drawn.mask, values=values * drawn.mask)

    def _precision(self) -> torch.autocast:
        kind = self.value.weight.device.type
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=self.mixed)

    def _said_of(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (…, V) and values (…) of hidden states (…, H): not in half precision."""
        hidden = hidden.to(self.value.weight.dtype)
        logits = self.model.get_output_embeddings()(hidden)
        return in_full_precision(logits), in_full_precision(self.value(hidden).squeeze(-1))

    def _drawn(self, prompts: Prompts, length: int, generator: torch.Generator) -> Rollout:
        alive = torch.ones(len(prompts.tokens), dtype=torch.bool, device=prompts.tokens.device)
        steps: list[tuple[Tensor, ...]] = []
        plain = gpt2.is_plain_gpt2(self.model) and not self.model.training
        kind = gpt2.Decoder if plain else Decoder
        with self._precision():
            decoder = kind(self.model, *prompts, length)
        for number in range(length):
            if number:
                with self._precision():
                    decoder.add(steps[-1][0])
            logits, values = self._said_of(decoder.last)
            logprobs = logits.log_softmax(-1)
            # The largest of log-probabilities with Gumbel noise is a draw from them.
            noise = torch.empty_like(logprobs).exponential_(generator=generator).log_()
            drawn = (logprobs - noise).argmax(-1)
            drawn = torch.where(alive, drawn, self.pad)
            chosen = logprobs.gather(1, drawn[:, None]).squeeze(1)
            steps.append((drawn, alive, chosen, values))
            if len(self.ends):
                alive = alive & ~torch.isin(drawn, self.ends)
                if not alive.any():
                    break
        drawn, alive, chosen, values = (torch.stack(part, 1) for part in zip(*steps, strict=True))
        mask = alive.long()
        return Rollout(drawn, mask, chosen * mask, values * mask)


@contextmanager
def recomputed(model: PreTrainedModel) -> Iterator[None]:
    """Have the layers of a model compute their activations again in the backward pass.

    transformers does so in training alone; here the layers are in training, and what stands in
    them, dropout among it, is not.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, GradientCheckpointingLayer)]
    before = [layer.training for layer in layers]
    for layer in layers:
        layer.training = True
    try:
        yield
    finally:
        for layer, was in zip(layers, before, strict=True):
            layer.training = was


class Decoder:
    """Hidden states (B, H) of the last token, as tokens are added to prompts one by one.

    For any causal language model of transformers, with its own cache.
    """

    def __init__(self, model: PreTrainedModel, tokens: Tensor, mask: Tensor, length: int) -> None:
        """tokens, mask: prompts (B, P), padded on the left; length: of the responses, at most."""
        self.model, self.mask, self.cache = model.base_model, mask, None
        self._run(tokens, (mask.cumsum(1) - 1).clamp(min=0))

    def add(self, tokens: Tensor) -> None:
        """Add a token (B,) to every row."""
        positions = self.mask.sum(1, keepdim=True)
        self.mask = torch.cat([self.mask, torch.ones_like(positions)], 1)
        self._run(tokens[:, None], positions)

    def _run(self, tokens: Tensor, positions: Tensor) -> None:
        outputs = self.model(
            input_ids=tokens,
            attention_mask=self.mask,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
        )
        self.cache, self.last = outputs.past_key_values, outputs.last_hidden_state[:, -1]


def in_full_precision(values: Tensor) -> Tensor:
    """Return values in single precision at least."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def chosen_logprobs(logits: Tensor, tokens: Tensor) -> Tensor:
    """Return the log-probabilities (B, T) of tokens under logits (B, T, V)."""
    rows = in_full_precision(logits).flatten(0, 1)
    return -cross_entropy(rows, tokens.flatten(), reduction="none").view(tokens.shape)
