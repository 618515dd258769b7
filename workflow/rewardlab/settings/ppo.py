"""Settings of PPO."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from rewardlab.settings.passes import PassesSettings
from rewardlab.settings.types import (
    AtLeastOne,
    Count,
    Positive,
    Probability,
)


class PPOSettings(PassesSettings):
    """PPO as TRL 0.11.4 has it; what the papers do not name are its defaults.

    The uncertainty paper names TRL without a version: that it was this one is our reading.
    """

    renamed: ClassVar[dict[str, str]] = {
        "discount": "gamma",
        "trace": "gae_lambda",
        "clip": "clip_range",
        "value_clip": "clip_range_value",
        "value_coefficient": "vf_coef",
    }

    divided: ClassVar[str] = "minibatch_size"

    steps: Count
    """Steps: one batch of rollouts each (Tables 6 and 7: 192)."""
    batch_size: Count
    """Rollouts a step (Tables 6 and 7: 128)."""
    minibatch_size: Count
    """Rollouts an optimiser step; divides batch_size (TRL: 128)."""
    epochs: Count
    """Passes over a batch (TRL: 4; Tables 6 and 7 print epochs 1, in our reading those over the
    prompts)."""
    learning_rate: Positive
    """Learning rate of Adam, without decay or schedule (Tables 6 and 7: 1.414e-5, 1.5e-5)."""
    gamma: Probability
    """Discount of later rewards (TRL: 1)."""
    gae_lambda: Probability
    """Decay of generalised advantage estimation (TRL: 0.95)."""
    clip_range: Positive
    """Distance from 1 at which the probability ratio is clipped (TRL: 0.2)."""
    clip_range_value: Positive
    """Distance from its old value at which a value is clipped (TRL: 0.2)."""
    vf_coef: Positive
    """Weight of the value loss (TRL: 0.1)."""
    ratio_threshold: AtLeastOne
    """Mean probability ratio above which a minibatch is skipped, and counted (TRL: 10)."""
    averaged: Probability
    """Share of the steps, the last ones, whose weights are averaged into the policy that is judged,
    saved and matched in KL; 0: the last step's."""
    sampling_dropout: bool
    """Whether the policy samples with its model's dropout from the second step on, as TRL 0.11.4,
    where a step leaves the model in training mode; log-probabilities are without in any case."""
    response_tokens: Annotated[Count, Field(ge=1)]
    """Longest response, in tokens (the paper: 10)."""

    @model_validator(mode="after")
    def _divisible(self) -> "PPOSettings":
        if self.batch_size % self.minibatch_size:
            raise ValueError(
                f"a minibatch_size that divides batch_size, but {self.minibatch_size} does not "
                f"divide {self.batch_size}"
            )
        return self


# What TRL 0.11.4 has by default, and the papers leave as it is.
TRL_DEFAULTS = {
    "epochs": 4,
    "gamma": 1.0,
    "gae_lambda": 0.95,
    "clip_range": 0.2,
    "clip_range_value": 0.2,
    "vf_coef": 0.1,
    "ratio_threshold": 10.0,
}
