"""Settings of the chapter on when a variance-weighted penalty pays."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rewardlab.settings.types import (
    Count,
    Integer,
    Name,
    NonNegative,
    Positive,
    SettingsModel,
    Unique,
)


class RegimeHeadsSettings(SettingsModel):
    """Heads that policies are found against."""

    kind: Literal["bootstrap", "paper"]
    """How the heads are made to differ; the rest is that of policies.ensemble."""
    pairs: Count | None = None
    """Preference pairs that each ensemble draws, without replacement; none: all there are."""
    controls: bool = False
    """Whether sigma is also taken of all ensembles' heads together, and shuffled over responses."""


class BanditRegimesSettings(SettingsModel):
    """Bandits with Gaussian rewards and heads, where sigma can be known."""

    arms: Annotated[Integer, Field(ge=2)]
    """Arms; the reference is uniform. True rewards are drawn with a standard deviation of 1."""
    divergences: Annotated[tuple[Positive, ...], Field(min_length=1), Unique]
    """KL divergences from the reference that policies spend on average, in nats."""
    noise: Annotated[tuple[Positive, ...], Field(min_length=1), Unique]
    """Mean standard deviations of a head's errors, over the true rewards'."""
    heterogeneity: Annotated[tuple[NonNegative, ...], Field(min_length=1), Unique]
    """Coefficients of variation of these over arms."""
    heads: Annotated[tuple[Annotated[Integer, Field(ge=2)], ...], Unique]
    """Sizes of ensembles that sigma is estimated from, beside being known."""
    worlds: Count
    """Draws of true rewards and deviations."""
    draws: Annotated[Integer, Field(ge=2)]
    """Ensembles in each world; policies' variance is taken within worlds."""


class RegimeSettings(SettingsModel):
    """PPO's fixed point on samples of the base model: nothing is trained."""

    prompts: Count
    """Prompts of the evaluation split."""
    samples: Annotated[Integer, Field(ge=4, multiple_of=2)]
    """Samples of the base model to each; halves of them tell judging noise from variance."""
    ensembles: Annotated[Integer, Field(ge=2)]
    """Ensembles of policies.ensemble.heads heads each."""
    exponents: Annotated[tuple[Positive, ...], Field(min_length=1), Unique]
    """Exponents of sigma; vanilla's is 0."""
    divergences: Annotated[tuple[Positive, ...], Field(min_length=1), Unique]
    """KL divergences from the base model at which policies are compared, in nats."""
    heads: Annotated[dict[Name, RegimeHeadsSettings], Field(min_length=1)]
    """Kinds of heads by name."""
    bandit: BanditRegimesSettings
    """The bandits."""

    @model_validator(mode="after")
    def _has_controls(self) -> "RegimeSettings":
        if not any(heads.controls for heads in self.heads.values()):
            raise ValueError("controls: true for one of heads, which the others are read against")
        return self
