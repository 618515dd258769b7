"""Settings of the experiment that shows where PPO with a weighted penalty comes to rest."""

from typing import Annotated

from pydantic import Field

from rewardlab.settings.types import Count, Integer, NonNegative, Positive, SettingsModel


class FixedPointSettings(SettingsModel):
    """PPO on responses of one token, where every policy can be written down."""

    arms: Annotated[Integer, Field(ge=2)]
    """Tokens that a response can be."""
    exponents: tuple[NonNegative, ...]
    """Exponents of sigma in the penalty (section 5: 1; Theorem 3.6: 2; vanilla: 0)."""
    beta: Positive
    """KL coefficient."""
    steps: Count
    """Steps of PPO."""
    batch_size: Count
    """Responses a step."""
    learning_rate: Positive
    """Learning rate at the beginning; it falls to 0 linearly, so that noise does not remain."""
