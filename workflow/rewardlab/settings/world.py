"""Settings of the embedded world."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rewardlab.settings.types import (
    Count,
    Integer,
    NonNegative,
    Positive,
    Probability,
    Seed,
    SettingsModel,
)


class DialectSettings(SettingsModel):
    """Words that the base model uses and that preference data may not cover."""

    share: Probability
    """Share of the texts that are written in dialect."""
    value: Literal["worse", "equal", "better"]
    """Gold value of a dialect word against the standard word that it stands for."""
    coverage: Literal["heterogeneous", "homogeneous"]
    """Whether preference pairs leave the dialect out (heterogeneous) or cover it like the rest."""


class WorldSettings(SettingsModel):
    """What defines the world: its words' values, its texts, its gold rewards."""

    seed: Seed
    """Seed of the world itself: word values, prompt baselines, habits of speech."""
    overall_weights: tuple[NonNegative, NonNegative]
    """Weights of helpfulness and harmlessness in the overall gold reward."""
    dialect: DialectSettings
    """The dialect."""


# Tokens that the world's models can read: a prompt of the world with its response has fewer.
POSITIONS = 32


class WorldModelSettings(SettingsModel):
    """The world's base language model, a small GPT-2."""

    texts: Count
    """Number of texts that it is trained on."""
    layers: Count
    """Transformer blocks."""
    width: Count
    """Width of the residual stream."""
    heads: Count
    """Attention heads."""
    steps: Count
    """Training steps."""
    batch_size: Count
    """Texts per step."""
    learning_rate: Positive
    """Peak learning rate of AdamW, which falls to 0 linearly."""

    @model_validator(mode="after")
    def _divided(self) -> "WorldModelSettings":
        if self.width % self.heads:
            raise ValueError(
                f"heads that divide width, but {self.heads} does not divide {self.width}"
            )
        return self


class WorldPreferenceSettings(SettingsModel):
    """Preference pairs: two samples of the base model, labelled by the gold reward."""

    pairs: Count
    """Pairs in each of the sets helpful, harmless and overall."""
    sampled_pairs: Count
    """Pairs that are sampled for all sets together; those with dialect may have to be left out."""
    benchmark_pairs: Count
    """Pairs of responses to evaluation prompts, from which the benchmark is made."""
    response_tokens: Annotated[Integer, Field(ge=1, le=16)]
    """Longest response, in tokens."""
