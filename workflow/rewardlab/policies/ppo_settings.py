"""Settings of PPO."""

from typing import Annotated

from pydantic import Field, model_validator

from rewardlab.setting_types import (
    AtLeastOne,
    Count,
    Positive,
    Probability,
    SettingsModel,
)


class PPOSettings(SettingsModel):
    """PPO as TRL 0.11.4 has it; what the papers do not name are its defaults."""

    steps: Count
    """Steps: one batch of rollouts each (Tables 6 and 7: 192)."""
    batch_size: Count
    """Rollouts a step (Tables 6 and 7: 128)."""
    minibatch_size: Count
    """Rollouts an optimiser step; divides batch_size (TRL: 128)."""
    epochs: Count
    """Passes over a batch (TRL: 4)."""
    learning_rate: Positive
    """Learning rate of Adam, without decay or schedule (Tables 6 and 7: 1.414e-5, 1.5e-5)."""
    discount: Probability
    """Discount of later rewards, gamma (TRL: 1)."""
    trace: Probability
    """Decay of the advantages' trace, lambda (TRL: 0.95)."""
    clip: Positive
    """Distance from 1 at which the probability ratio is clipped (TRL: 0.2)."""
    value_clip: Positive
    """Distance from its old value at which a value is clipped (TRL: 0.2)."""
    value_coefficient: Positive
    """Weight of the value loss (TRL: 0.1)."""
    ratio_threshold: AtLeastOne
    """Mean probability ratio above which a minibatch is skipped, and counted (TRL: 10)."""
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
    "discount": 1.0,
    "trace": 0.95,
    "clip": 0.2,
    "value_clip": 0.2,
    "value_coefficient": 0.1,
    "ratio_threshold": 10.0,
}
