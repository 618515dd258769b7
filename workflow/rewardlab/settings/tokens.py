"""Settings of models that learn labels of tokens."""

from typing import Annotated, Literal

from pydantic import Field

from rewardlab.settings.types import Count, Integer, Positive, SettingsModel


class TokenTrainingSettings(SettingsModel):
    """How they are trained."""

    epochs: Positive
    """Passes over the rows."""
    batch_size: Count
    """Rows per step."""
    learning_rate: Positive
    """Peak learning rate of AdamW, which falls to 0 along a cosine."""


class ProcessSettings(SettingsModel):
    """Process reward models on step labels of one's own (data.steps)."""

    inputs: Literal["solutions", "prefixes"]
    """Whole solutions, for models that read from left to right; or each labelled step with what
    comes before it, for encoders, which would see how it goes on."""
    separator: Annotated[str, Field(min_length=1)]
    """Text that closes each step, at whose end its label stands."""
    max_length: Annotated[Integer, Field(ge=8)]
    """Longest row in tokens; a longer one loses its beginning."""
    training: TokenTrainingSettings
    """How they are trained."""
