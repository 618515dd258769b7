"""Settings of the world whose steps can be checked, and of the reward models on its solutions."""

from typing import Annotated

from pydantic import Field, model_validator

from rewardlab.settings.tokens import TokenTrainingSettings
from rewardlab.settings.types import (
    Count,
    Integer,
    NonNegative,
    Positive,
    Probability,
    Seed,
    SettingsModel,
    Unique,
)

Digit = Annotated[Integer, Field(ge=0, le=9)]
# Tokens that the models of this world can read: a problem with its solution has fewer.
POSITIONS = 72
LONGEST = 6  # steps


class ReasoningModelSettings(SettingsModel):
    """The base language model of the arithmetic world, a small Llama."""

    layers: Count
    """Transformer blocks."""
    width: Count
    """Width of the residual stream."""
    heads: Count
    """Attention heads."""
    steps: Count
    """Training steps on whole solutions."""
    result_steps: Count
    """Further steps, in which the results count alone in most solutions."""
    batch_size: Count
    """Texts per step."""
    learning_rate: Positive
    """Peak learning rate of AdamW, which falls to 0 linearly in either part."""


class VerifierSettings(TokenTrainingSettings):
    """How a reward model on solutions is trained, of whatever kind."""

    language_weight: NonNegative
    """Weight of the language model's loss where an outcome reward model keeps it."""


class ReasoningSettings(SettingsModel):
    """The world whose steps can be checked."""

    seed: Seed
    """Seed of the world itself: the facts that are learned wrongly."""
    steps: tuple[Count, Annotated[Integer, Field(ge=1, le=LONGEST)]]
    """Fewest and most steps of a problem."""
    operands: tuple[Digit, Digit]
    """Least and greatest number that an operation takes: how many facts there are."""
    slips: Probability
    """Share of the steps whose result is one too many or too few."""
    misconceptions: Probability
    """Share of the facts that are learned wrongly."""
    held: Probability
    """Share of the places where such a fact is written wrongly."""

    @model_validator(mode="after")
    def _ordered(self) -> "ReasoningSettings":
        if self.steps[0] > self.steps[1]:
            raise ValueError(f"the fewest steps first, but {self.steps[0]} > {self.steps[1]}")
        if self.operands[0] > self.operands[1]:
            raise ValueError(
                f"the least operand first, but {self.operands[0]} > {self.operands[1]}"
            )
        return self


class KindsSettings(SettingsModel):
    """Kinds of reward model on the same solutions."""

    training_problems: Count
    """Problems whose solutions they learn from."""
    training_samples: Annotated[Integer, Field(ge=2)]
    """Solutions of the base model to each."""
    evaluation_problems: Annotated[Integer, Field(ge=2)]
    """Problems on which the best of n is chosen."""
    evaluation_samples: Annotated[Integer, Field(ge=2)]
    """Solutions of the base model to each."""
    min_p: Probability
    """Tokens are not drawn that have less than this share of the likeliest one's probability."""
    n: Annotated[tuple[Count, ...], Field(min_length=1), Unique]
    """Numbers of solutions of which the best is chosen."""
    runs: Count
    """Trainings of each kind, from beginnings and orders of their own."""
    prefixes: Count
    """Beginnings of solutions whose rest is sampled, to see what is expected from there on."""
    rollouts: Annotated[Integer, Field(ge=2)]
    """Samples of the rest of each."""
    training: VerifierSettings
    """How each kind is trained."""

    @model_validator(mode="after")
    def _enough(self) -> "KindsSettings":
        if max(self.n) > self.evaluation_samples:
            raise ValueError(
                f"n of at most evaluation_samples, {self.evaluation_samples}, but one is "
                f"{max(self.n)}"
            )
        return self
