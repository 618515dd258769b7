"""Settings of how a training reads its batches: the same wherever large models are trained."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from rewardlab.settings.types import Count, SettingsModel


class PassesSettings(SettingsModel):
    """Precision, and what makes large models fit."""

    divided: ClassVar[str] = "batch_size"
    """The setting whose rows are read in parts."""

    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the forward and backward passes; weights and optimiser are in single precision, and so are
    a policy's logits, log-probabilities and losses."""
    accumulation: Count = 1
    """Parts that a step's batch (PPO: a minibatch) is read in, one after the other; divides it."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again in the backward pass, which takes less memory."""

    @model_validator(mode="after")
    def _divided(self) -> Self:
        rows = getattr(self, self.divided)
        if rows % self.accumulation:
            raise ValueError(
                f"accumulation that divides {self.divided}, but {self.accumulation} does not "
                f"divide {rows}"
            )
        return self
