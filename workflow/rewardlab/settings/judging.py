"""Settings of judges: of those that compare two answers in words, and of whatever judges
policies."""

from typing import Annotated

from pydantic import Field

from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.rewards import FeatureSettings, Length
from rewardlab.settings.tokens import TokenTrainingSettings
from rewardlab.settings.types import Count, Positive, SettingsModel
from rewardlab.settings.world import WorldSettings


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
    connections: Count
    """Comparisons that a server is asked for at once."""
    timeout: Positive
    """Seconds that a server has for an answer."""
    attempts: Count
    """Times that a server is asked before it is given up."""
    tuning: TokenTrainingSettings
    """How the embedded judge learns to give verdicts, from training pairs in both orders."""


class AskingSettings(SettingsModel):
    """How a job asks a judge in words."""

    settings: JudgingSettings
    """What is asked."""
    endpoint: EndpointSettings | None
    """The server that answers; none: a model does."""
    is_tuned: bool
    """Whether it knows from pairs by what the better answer is told, and need not be told."""
    cache: str
    """Folder where answers are kept by content."""


class ReadingSettings(SettingsModel):
    """How a reward model that judges reads."""

    features: FeatureSettings
    """Batches."""
    max_length: Length | None
    """Longest text in tokens; none: as many as the model has positions."""


class JudgeSettings(SettingsModel):
    """What judges policies' responses: one of these."""

    world: WorldSettings | None = None
    """The world's gold rewards."""
    reading: ReadingSettings | None = None
    """Reward models."""
    asking: AskingSettings | None = None
    """A judge in words."""
