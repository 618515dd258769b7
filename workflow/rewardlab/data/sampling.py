"""How responses of the base model are sampled, for whatever they are for."""

from typing import Literal

from rewardlab.settings.aggregation import PoolSettings
from rewardlab.settings.regimes import RegimeSettings
from rewardlab.settings.transforming import TransformingSettings
from rewardlab.settings.types import Count, SettingsModel
from rewardlab.settings.world import WorldPreferenceSettings

Split = Literal["train", "evaluation"]


class SamplingSettings(SettingsModel):
    """Which prompts, and what their responses are for."""

    split: Split
    """Split of the prompts."""
    prompts: Count | None
    """Number of prompts; none: all of the split."""
    replacement: bool
    """Whether a prompt may be drawn more than once."""
    uses: dict[str, Count]
    """Responses to each prompt, by what they are for."""
    in_order: Literal["prompt", "response"]
    """Whether all responses to one prompt are drawn together, or all prompts' first responses."""
    response_tokens: Count
    """Longest response, in tokens."""
    batch_size: Count
    """Responses that are drawn together."""
    refusal: str | None
    """Canned refusal that every prompt also gets, with this use; none: none."""


def pair_sampling(settings: WorldPreferenceSettings, split: Split) -> SamplingSettings:
    """Return how pairs are sampled: for preferences (train), or for the benchmark (evaluation)."""
    counts = {"train": settings.sampled_pairs, "evaluation": settings.benchmark_pairs}
    return SamplingSettings(
        split=split,
        prompts=counts[split],
        replacement=True,
        uses={"pair": 2},
        in_order="response",
        response_tokens=settings.response_tokens,
        batch_size=512,  # of the embedded world's small model
        refusal=None,
    )


def base_sampling(
    settings: RegimeSettings, response_tokens: int, batch_size: int
) -> SamplingSettings:
    """Return how samples of the base model are drawn that fixed points are weights of."""
    return SamplingSettings(
        split="evaluation",
        prompts=settings.prompts,
        replacement=False,
        uses={"base": settings.samples},
        in_order="prompt",
        response_tokens=response_tokens,
        batch_size=batch_size,
        refusal=None,
    )


def opponent_sampling(response_tokens: int, batch_size: int) -> SamplingSettings:
    """Return how a response is drawn to every prompt that policies may be judged on."""
    return SamplingSettings(
        split="evaluation",
        prompts=None,
        replacement=False,
        uses={"base": 1},
        in_order="prompt",
        response_tokens=response_tokens,
        batch_size=batch_size,
        refusal=None,
    )


def reference_sampling(
    settings: TransformingSettings, split: Split, response_tokens: int, batch_size: int
) -> SamplingSettings:
    """Return how samples are drawn that rewards refer to, or that policies are ranked among."""
    evaluation = split == "evaluation"
    return SamplingSettings(
        split=split,
        prompts=settings.evaluation_prompts if evaluation else settings.training_prompts,
        replacement=False,
        uses={"base": settings.evaluation_samples if evaluation else settings.training_samples},
        in_order="prompt",
        response_tokens=response_tokens,
        batch_size=batch_size,
        refusal=settings.refusal,
    )


def pool_sampling(settings: PoolSettings, split: Split, batch_size: int) -> SamplingSettings:
    """Return how a pool is sampled: to choose from (evaluation), or to learn quantiles (train)."""
    evaluation = split == "evaluation"
    chosen_from = {"pool": settings.samples, "reference": settings.reference_samples}
    return SamplingSettings(
        split=split,
        prompts=settings.evaluation_prompts if evaluation else settings.training_prompts,
        replacement=False,
        uses=chosen_from if evaluation else {"reference": settings.training_samples},
        in_order="prompt",
        response_tokens=settings.response_tokens,
        batch_size=batch_size,
        refusal=settings.refusal,
    )
