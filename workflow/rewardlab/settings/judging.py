"""Settings of generative judges, which compare two answers in words."""

from typing import Annotated

from pydantic import Field

from rewardlab.settings.tokens import TokenTrainingSettings
from rewardlab.settings.types import Count, Positive, SettingsModel


class JudgingSettings(SettingsModel):
    """How a judge is asked."""

    template: Annotated[str, Field(min_length=1)]
    """File with {question}, {answer_a} and {answer_b}; the answer has to end in a verdict."""
    criteria: dict[str, Annotated[str, Field(min_length=1)]]
    """By set of preferences what the template's {criterion} says of the better answer."""
    pairs: Count
    """Held-out pairs that are compared, at most, each in both orders."""
    answer_tokens: Count
    """Longest answer, in tokens."""
    batch_size: Count
    """Comparisons that a local model is asked for at once."""
    timeout: Positive
    """Seconds that a server has for an answer."""
    attempts: Count
    """Times that a server is asked before it is given up."""
    tuning: TokenTrainingSettings
    """How the embedded judge learns to give verdicts, from training pairs in both orders."""
