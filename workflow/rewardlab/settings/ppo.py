"""Settings of PPO."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from rewardlab.settings.types import (
    AtLeastOne,
    Count,
    Positive,
    Probability,
    SettingsModel,
)


class PPOSettings(SettingsModel):
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
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the trunks' forward and backward passes, the policy's and the reference's; weights,
    optimiser, logits, log-probabilities and losses are in single precision."""
    accumulation: Count = 1
    """Parts that a minibatch is read in, one after the other, for its gradient; divides
    minibatch_size."""

    gradient_checkpointing: bool = False
    """Whether the policy's activations are computed again in the backward pass, which takes less
    memory."""

    @model_validator(mode="after")
    def _divisible(self) -> "PPOSettings":
        if self.batch_size % self.minibatch_size:
            raise ValueError(
                f"a minibatch_size that divides batch_size, but {self.minibatch_size} does not "
                f"divide {self.batch_size}"
            )
        if self.minibatch_size % self.accumulation:
            raise ValueError(
                f"accumulation that divides minibatch_size, but {self.accumulation} does not "
                f"divide {self.minibatch_size}"
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
