"""Settings of the chapter on transforming rewards, and of the references that it needs."""

import math
from typing import Annotated

from pydantic import Field, model_validator

from rewardlab.settings.policies import ReferenceName
from rewardlab.settings.types import Count, Integer, Name, Positive, SettingsModel, Unique


class TransformingSettings(SettingsModel):
    """Policies on transformed rewards: what they refer to, and how they are compared."""

    training_prompts: Count
    """Prompts of the training split that policies are trained on, each with its references."""
    training_samples: Annotated[Integer, Field(ge=4)]
    """Samples of the base model to each, which references are quantiles of."""
    evaluation_prompts: Annotated[Integer, Field(ge=4)]
    """Prompts of the evaluation split that policies are compared on."""
    evaluation_samples: Annotated[Integer, Field(ge=4)]
    """Samples of the base model to each, which responses are ranked among."""
    responses: Annotated[Integer, Field(ge=4, multiple_of=2)]
    """Responses of a policy to each; halves of them tell noise from spread."""
    refusal: Annotated[str, Field(min_length=1)] | None
    """Canned refusal, whose reward is one of the references; none: there is none."""
    single: Annotated[tuple[Name, ...], Field(min_length=1), Unique]
    """Experiments with one reward each, names under policies.experiments."""
    combined: Annotated[tuple[Name, ...], Field(min_length=1), Unique]
    """Experiments with several rewards; the first one's are shown in the figure of the utility."""
    ensembles: Annotated[Integer, Field(ge=2)]
    """Draws of heads that fixed points are found against."""
    coefficients: Annotated[Integer, Field(ge=4)]
    """Coefficients on the path of fixed points of each method."""
    k: Annotated[tuple[Count, ...], Field(min_length=1), Unique]
    """Numbers of responses that the best is chosen of."""
    at: Positive
    """KL divergence at which methods are compared, in nats."""
    references: Annotated[tuple[ReferenceName, ...], Field(min_length=2), Unique]
    """References that the transformation is tried with."""

    @model_validator(mode="after")
    def _apart(self) -> "TransformingSettings":
        if common := {*self.single} & {*self.combined}:
            raise ValueError(f"single and combined without common names, not {min(common)!r}")
        if max(self.k) >= self.evaluation_samples:
            raise ValueError(
                f"every k below evaluation_samples, {self.evaluation_samples}, but k goes up to "
                f"{max(self.k)}"
            )
        if self.at >= math.log(self.training_samples):
            raise ValueError(
                f"at below ln of training_samples, {math.log(self.training_samples):.2f}, which is "
                f"all that they can tell, but it is {self.at:g}"
            )
        return self
