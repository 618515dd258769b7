"""The proxy reward that a policy is trained on: an ensemble of reward heads, read as text.

Going through text makes any ensemble fit any policy: they need not share a tokenizer.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.policies.actor import Rollout
from rewardlab.rewards.texts import Reading, encode_and_count, say
from rewardlab.rewards.trunk import forward


class EnsembleReward:
    """Rewards (n, K) of responses by K heads, each less its mean over base samples if centred.

    unit: the mean over base samples of the heads' sample deviation, if it was measured.
    """

    def __init__(
        self,
        models: Sequence[tuple[PreTrainedModel, PreTrainedTokenizerBase]],
        max_length: int,
    ) -> None:
        self.models, self.max_length = models, max_length
        self.offsets: Tensor | float = 0.0
        self.unit = 1.0

    @property
    def heads(self) -> int:
        """Return the number of heads, K."""
        return sum(model.config.num_labels for model, _ in self.models)

    @torch.inference_mode()
    def __call__(self, prompts: Sequence[str], responses: Sequence[str]) -> Tensor:
        return self._read(prompts, responses)[0] - self.offsets

    def _read(
        self, prompts: Sequence[str], responses: Sequence[str]
    ) -> tuple[Tensor, list[Reading]]:
        """Return rewards (n, K) as heads give them, and how much of the texts each model reads."""
        parts, readings = [], []
        for model, tokenizer in self.models:
            rows, reading = encode_and_count(tokenizer, prompts, responses, self.max_length)
            parts.append(forward(model, tokenizer, rows))
            readings.append(reading)
        return torch.cat(parts, 1), readings

    @torch.inference_mode()
    def measure(
        self, prompts: Sequence[str], responses: Sequence[str], centre: bool, sigma: bool
    ) -> None:
        """Take what is zero and what is one from these responses, samples of the base model.

        centre: whether each head's mean is its zero, which a Bradley-Terry model does not identify,
        and which most of the raw variance over heads is. sigma: whether its mean is the unit.
        """
        self.offsets, self.unit = 0.0, 1.0
        rewards, readings = self._read(prompts, responses)
        for reading in readings:
            say(reading, self.max_length, "samples of the base model")
        if centre:
            self.offsets = rewards.mean(0)
        if sigma:
            self.unit = float((rewards - self.offsets).std(1).mean())


def texts_of(tokenizer: PreTrainedTokenizerBase, rollout: Rollout) -> list[str]:
    """Return sampled responses as texts, without what stands behind their end."""
    kept = [
        row[: int(length)]
        for row, length in zip(rollout.tokens.tolist(), rollout.mask.sum(1).tolist(), strict=True)
    ]
    return tokenizer.batch_decode(kept, skip_special_tokens=True)
