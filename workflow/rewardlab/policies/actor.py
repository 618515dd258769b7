"""A policy that PPO trains: a causal language model with a value head on its last hidden state.

Prompts are padded on the left, so that responses stand in the same columns of every row, and each
row counts its positions from its own first token: any causal model of transformers gives the same
numbers as without padding.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


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

    end: the token that ends a response; None: responses end at their greatest length.
    """

    def __init__(self, model: PreTrainedModel, end: int | None, pad: int) -> None:
        super().__init__()
        self.model = model.eval()  # dropout is off throughout, as in TRL 0.11.4
        self.value = nn.Linear(model.config.get_text_config().hidden_size, 1)
        self.end, self.pad = end, pad

    def _hidden(self, tokens: Tensor, mask: Tensor) -> Tensor:
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        outputs = self.model.base_model(
            input_ids=tokens, attention_mask=mask, position_ids=positions, use_cache=False
        )
        return outputs.last_hidden_state

    def _before(self, prompts: Prompts, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return the hidden states (B, T, H) that each token of the responses is drawn from."""
        hidden = self._hidden(
            torch.cat([prompts.tokens, tokens], 1), torch.cat([prompts.mask, mask], 1)
        )
        return hidden[:, prompts.tokens.shape[1] - 1 : -1]

    def forward(self, prompts: Prompts, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probabilities and values (B, T) of responses (B, T).

        Only the response's columns go through the language model's head.
        """
        hidden = self._before(prompts, tokens, mask)
        logits = self.model.get_output_embeddings()(hidden)
        return chosen_logprobs(logits, tokens), self.value(hidden).squeeze(-1)

    def next_tokens(self, prompts: Prompts, tokens: Tensor, mask: Tensor) -> Tensor:
        """Return the log-probabilities (B, T, V) of all tokens at each place of the responses."""
        logits = self.model.get_output_embeddings()(self._before(prompts, tokens, mask))
        return logits.float().log_softmax(-1)

    @torch.inference_mode()
    def sample(self, prompts: Prompts, length: int, generator: torch.Generator) -> Rollout:
        """Return responses of at most `length` tokens from the model's own distribution.

        Pure sampling, that is no top-k, no nucleus, temperature 1, no least length: with anything
        else the estimate of the KL divergence is biased, and can be negative.
        """
        tokens, positions = prompts.tokens, (prompts.mask.cumsum(1) - 1).clamp(min=0)
        mask = prompts.mask
        alive = torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
        steps: list[tuple[Tensor, ...]] = []
        cache = None
        for _ in range(length):
            outputs = self.model.base_model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
            )
            cache, hidden = outputs.past_key_values, outputs.last_hidden_state[:, -1]
            logprobs = self.model.get_output_embeddings()(hidden).float().log_softmax(-1)
            # The largest of log-probabilities with Gumbel noise is a draw from them.
            noise = torch.empty_like(logprobs).exponential_(generator=generator).log()
            drawn = (logprobs - noise).argmax(-1)
            drawn = torch.where(alive, drawn, self.pad)
            chosen = logprobs.gather(1, drawn[:, None]).squeeze(1)
            steps.append((drawn, alive, chosen, self.value(hidden).squeeze(-1).float()))
            if self.end is not None:
                alive = alive & (drawn != self.end)
            if not alive.any():
                break
            tokens = drawn[:, None]
            positions = positions[:, -1:] + 1
            mask = torch.cat([mask, steps[-1][1].long()[:, None]], 1)
        drawn, alive, chosen, values = (torch.stack(part, 1) for part in zip(*steps, strict=True))
        mask = alive.long()
        return Rollout(drawn, mask, chosen * mask, values * mask)


def chosen_logprobs(logits: Tensor, tokens: Tensor) -> Tensor:
    """Return the log-probabilities (B, T) of tokens under logits (B, T, V)."""
    chosen = logits.gather(-1, tokens[..., None]).squeeze(-1)
    return chosen.float() - logits.float().logsumexp(-1)
