"""Samples of the base model as a reward trunk's features, and what rewards refer to by them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from rewardlab.rewards.references import fit_quantile_head, gaussian_quantile, sample_quantile
from rewardlab.running.errors import UserError
from rewardlab.settings.reference_names import GAUSSIAN, NONE, PREDICTED, REFUSAL, reference_of

Array = NDArray[np.floating]
TEXTS = "texts"
PENALTY = 1e-3  # of the squared weights of the layer that predicts quantiles


class BaseSamples(NamedTuple):
    """Samples of the base model to P prompts, N to each.

    texts: the prompts; features: (P, N, H), of the samples; prompts: (P, H), of the prompts alone;
    refusals: (P, H), of the canned refusal; gold: (P, N) and gold_refusals: (P,), gold rewards. The
    last three are None where there are none.
    """

    texts: tuple[str, ...]
    features: Array
    prompts: Array
    refusals: Array | None = None
    gold: Array | None = None
    gold_refusals: Array | None = None

    def rewards(self, heads: Array) -> Array:
        """Return rewards (K, P, N) by heads (K, H)."""
        return np.moveaxis(self.features @ heads.T, -1, 0).astype(float)

    def references(self, name: str, heads: Array, learnt: "BaseSamples | None" = None) -> Array:
        """Return the reference rewards (K, P) of the prompts by heads (K, H).

        learnt: samples to other prompts, which quantiles are predicted by; none: these themselves.
        Raises UserError if there is no refusal to refer to.
        """
        kind, quantile = reference_of(name)
        if kind == NONE:
            return np.zeros((len(heads), len(self.features)))
        if kind == REFUSAL:
            if self.refusals is None:
                raise UserError(
                    "a reward refers to the canned refusal, but transforming.refusal is null."
                )
            return (self.refusals @ heads.T).T.astype(float)
        if kind == PREDICTED:
            known = learnt or self
            inputs = known.prompts.astype(float)
            fitted = [
                fit_quantile_head(inputs, rewards, quantile, PENALTY)
                for rewards in known.rewards(heads)
            ]
            return np.stack([head(self.prompts.astype(float)) for head in fitted])
        take = gaussian_quantile if kind == GAUSSIAN else sample_quantile
        return take(self.rewards(heads), quantile)

    def gold_references(self, name: str) -> Array:
        """Return the gold rewards (P,) that references stand for; those predicted, as sampled."""
        kind, quantile = reference_of(name)
        if kind == NONE:
            return np.zeros(len(self.gold))
        return self.gold_refusals if kind == REFUSAL else sample_quantile(self.gold, quantile)


def gold_rewards(samples: Sequence[BaseSamples]) -> Array | None:
    """Return the gold rewards (P, n, N) on several properties, if all of them have any."""
    found = [part.gold for part in samples if part.gold is not None]
    return np.stack(found).astype(float) if len(found) == len(samples) else None


def read_base_samples(path: Path) -> BaseSamples:
    """Return the samples that `write_base_samples` wrote."""
    with safe_open(path, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no dict
        return BaseSamples(tuple(json.loads(file.metadata()[TEXTS])), **tensors)


def write_base_samples(samples: BaseSamples, path: Path) -> None:
    """Write samples as tensors, with the prompts as metadata."""
    parts = samples._asdict()
    texts = json.dumps(parts.pop("texts"))
    tensors = {name: np.ascontiguousarray(part) for name, part in parts.items() if part is not None}
    save_file(tensors, path, metadata={TEXTS: texts})
