"""Settings of the combination of rewards, and of the pool of responses that it is tried on."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from rewardlab.settings.types import (
    Count,
    Name,
    NonNegative,
    OpenProbability,
    Positive,
    Probability,
    SettingsModel,
    Unique,
)


def _listed(value: object) -> object:
    """Take a list that was written as one text, as on a command line: 1,2,4."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _named(value: object) -> object:
    """Take named numbers that were written as one text: median=0.5,q85=0.85."""
    if isinstance(value, str) and all("=" in part for part in _listed(value)):
        return dict(part.split("=", 1) for part in _listed(value))
    return value


Columns = Annotated[tuple[str, ...], BeforeValidator(_listed), Unique]
Quantiles = Annotated[dict[Name, OpenProbability], BeforeValidator(_named)]
Sizes = Annotated[tuple[Count, ...], BeforeValidator(_listed), Field(min_length=1), Unique]


# Names that mean something else in the tables.
RESERVED = ("and", "or", "prompt_id", "response_id", "use", "method")


class PoolSettings(SettingsModel):
    """Responses of the base model to many prompts, drawn and scored once."""

    prompts: Name
    """Prompt set (a name under data.prompts)."""
    evaluation_prompts: Count
    """Prompts that best-of-k is tried on."""
    samples: Count
    """Responses to each of them."""
    reference_samples: Count
    """Further responses to each of them, for oracle quantiles (the paper: 60)."""
    training_prompts: Count
    """Other prompts, on which the prediction of quantiles is trained."""
    training_samples: Count
    """Responses to each of those."""
    response_tokens: Count
    """Longest response, in tokens."""
    refusal: str
    """Canned refusal, whose reward is one of the references."""


class CombiningSettings(SettingsModel):
    """How rewards are combined, and what best-of-k is measured by."""

    rewards: Columns = ("helpful", "harmless")
    """Columns with the rewards to combine, separated by commas on a command line."""
    judges: Columns = ()
    """Columns that also decide wins: one for each reward in the same order, or any others (a single
    one decides alone); none: the rewards alone."""
    k: Sizes = (1, 2, 4, 8)
    """Numbers of responses that the best is chosen of; each less than a prompt's responses."""
    quantiles: Quantiles = Field(default={"median": 0.5})
    """Quantiles of the rows with use = reference that become references; median=0.5,q85=0.85."""
    references: Columns = ()
    """Further references by name; a reference median of the reward a is the column a_median."""
    resamples: Count = 2000
    """Bootstrap samples of prompts for an interval."""

    @model_validator(mode="after")
    def _matched(self) -> "CombiningSettings":
        if len(self.rewards) < 2:
            raise ValueError(f"rewards with at least two columns, but they are {self.rewards}")
        reserved = {*RESERVED} & {*self.rewards, *self.judges}
        if reserved:
            raise ValueError(
                f"columns with other names than {', '.join(sorted(RESERVED))}, which mean "
                f"something else here, not {sorted(reserved)[0]!r}"
            )
        return self

    @property
    def judged_on(self) -> tuple[str, ...]:
        """Return what the judges are called: as the rewards, if there is one for each."""
        return self.rewards if len(self.judges) == len(self.rewards) else self.judges


class PointwiseSettings(SettingsModel):
    """Pointwise models of labels, which Theorems 2.1 and 3.1 are checked by."""

    epochs: Positive
    """Passes over the training prompts' responses."""
    batch_size: Count
    """Responses a step."""
    learning_rate: Positive
    """Peak learning rate of AdamW, with a cosine schedule."""
    samples: Count
    """Responses to each evaluation prompt that the models are compared on."""
    alike: Probability
    """Share of the responses whose two labels are drawn with the same number, where they are
    correlated."""


class AggregationSettings(SettingsModel):
    """The chapter on combining rewards."""

    properties: Annotated[tuple[Name, ...], Field(min_length=2), Unique]
    """Properties to combine: names under data.preferences, each of which gets a reward model."""
    source: Literal["sampled", "heldout"]
    """Where responses come from: samples of the base model, or both sides of held-out pairs."""
    pool: PoolSettings
    """The sampled pool."""
    quantiles: Quantiles
    """Quantiles that serve as references; `median` is the paper's."""
    penalty: NonNegative
    """Penalty of the squared weights of the layer that predicts quantiles."""
    k: Annotated[tuple[Count, ...], Field(min_length=1), Unique]
    """Numbers of responses that the best is chosen of."""
    shown_k: Count
    """The one that bars are drawn at, and that verdicts are given at."""
    resamples: Count
    """Bootstrap samples of prompts for an interval."""
    pointwise: PointwiseSettings
    """Theorems 2.1 and 3.1."""

    @model_validator(mode="after")
    def _consistent(self) -> "AggregationSettings":
        reserved = {*RESERVED} & {*self.properties}
        if reserved:
            raise ValueError(
                f"properties of other names than {', '.join(RESERVED)}, which mean something else "
                f"in the tables, not {sorted(reserved)[0]!r}"
            )
        if "median" not in self.quantiles:
            raise ValueError(f"a quantile named median, but they are {', '.join(self.quantiles)}")
        if 1 not in self.k:
            raise ValueError(f"k to begin with 1, the base model itself, but it is {self.k}")
        if self.shown_k not in self.k:
            raise ValueError(f"shown_k to be one of k, {self.k}, but it is {self.shown_k}")
        if self.source == "sampled" and max(self.k) >= self.pool.samples:
            raise ValueError(
                f"every k below pool.samples, {self.pool.samples}, but k goes up to {max(self.k)}"
            )
        return self

    def combining(self, judged: bool = True) -> CombiningSettings:
        """Return the settings of `combine_rewards` on the pool of the configuration.

        judged: whether a sampled pool also has the rewards of what judges policies.
        """
        sampled = self.source == "sampled"
        predicted = (*(f"predict_{name}" for name in self.quantiles), "refusal")
        return CombiningSettings(
            rewards=self.properties,
            judges=tuple(f"gold_{name}" for name in self.properties) if sampled and judged else (),
            k=self.k,
            quantiles=self.quantiles,
            references=predicted if sampled else (),
            resamples=self.resamples,
        )
