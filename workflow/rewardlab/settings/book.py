"""Settings of the chapter on losses and kinds of reward model."""

from typing import Annotated

from pydantic import Field, model_validator

from rewardlab.settings.rewards import RewardModelSettings
from rewardlab.settings.tokens import ProcessSettings
from rewardlab.settings.types import Count, Integer, NonNegative, Positive, SettingsModel, Unique

Several = Annotated[Integer, Field(ge=2)]


class HeldoutSettings(SettingsModel):
    """Responses to evaluation prompts that all reward models of the chapter are held to."""

    prompts: Several
    """Number of prompts."""
    responses: Several
    """Responses to each, all pairs of which are compared."""


class LossesSettings(SettingsModel):
    """Losses on what annotators say of the same responses."""

    rankings: Count
    """Rankings; pairs are drawn to as many responses, and again to as many comparisons."""
    size: Several
    """Responses in a ranking."""
    margins: tuple[NonNegative, NonNegative, NonNegative, NonNegative]
    """Of the four degrees of preference, from the least (Llama 2: 0, 1/3, 2/3, 1)."""


class BatchesSettings(SettingsModel):
    """All pairs of a prompt kept in one batch, or spread over batches."""

    rankings: Count
    """Rankings; each is of a prompt of its own."""
    size: Several
    """Responses in a ranking."""
    together: Count
    """Rankings whose pairs fill a batch."""
    epochs: Several
    """Passes over the pairs, after each of which both arms are measured."""


class EpochsSettings(SettingsModel):
    """Passes over the same pairs."""

    pairs: Annotated[tuple[Count, ...], Field(min_length=1), Unique]
    """Numbers of pairs."""
    epochs: Several
    """Passes over them, after each of which the model is measured."""


class CalibrationSettings(SettingsModel):
    """A pointwise model, which learns the probability of being preferred from labels."""

    responses: Count
    """Labelled responses that it learns from."""
    samples: Count
    """Responses to each evaluation prompt that all are held to."""
    epochs: Count
    """Passes over them."""
    batch_size: Count
    """Responses per step."""
    learning_rate: Positive
    """Peak learning rate of AdamW, which falls along a cosine."""
    bins: Several
    """Bins of the reliability diagram, with as many responses each."""


class BookSettings(SettingsModel):
    """Losses and kinds of reward model."""

    seeds: Annotated[Integer, Field(ge=3)]
    """Trainings of each variant, from data, beginnings and orders of their own: the units of
    intervals."""
    model: RewardModelSettings
    """How the reward models are trained, whatever their loss. Its batch size counts pairs; of
    rankings as many are taken as have as many responses."""
    heldout: HeldoutSettings
    """What they are held to."""
    losses: LossesSettings
    """Which loss."""
    batches: BatchesSettings
    """Which pairs in one batch."""
    passes: EpochsSettings
    """How many epochs."""
    calibration: CalibrationSettings
    """Whether rewards are probabilities."""

    process: ProcessSettings
    """Process reward models on step labels of one's own."""

    @model_validator(mode="after")
    def _whole_batches(self) -> "BookSettings":
        if 2 * self.model.batch_size % self.losses.size:
            raise ValueError(
                "losses.size that divides the responses of a batch, twice model.batch_size, but "
                f"{self.losses.size} does not divide {2 * self.model.batch_size}"
            )
        return self
