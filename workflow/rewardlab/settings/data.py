"""Settings of where data and models come from."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from rewardlab.settings.passes import PassesSettings
from rewardlab.settings.types import (
    Checksum,
    Count,
    Integer,
    Name,
    NonNegative,
    Positive,
    Probability,
    Repository,
    Revision,
    SettingsModel,
    Url,
)

StepsColumn = Literal["prompt", "completions", "labels", "next", "label"]
PreferenceColumn = Literal["prompt", "chosen", "rejected", "margin", "responses", "ranks"]


class SourceSettings(SettingsModel):
    """A repository of the Hugging Face hub at a pinned revision, or a local copy of it.

    A hub source becomes a local one by one line, `path: …`, which then goes first.
    """

    hub: Repository | None = None
    """Repository on the hub, as owner/name."""
    revision: Revision | None = None
    """Commit of the repository: 40 hexadecimal digits, in quotes; null: not known here, and to be
    looked up by `snakemake pin`."""
    path: Annotated[str, Field(min_length=1)] | None = None
    """Local file or folder, read instead of the hub."""
    files: tuple[str, ...] = ()
    """Files of a repository or folder to read; none: all."""
    sha256: dict[str, Checksum | None] = Field(default={})
    """Checksums to hold files to, by file name; null takes back one of an underlying file."""

    @model_validator(mode="after")
    def _complete(self) -> "SourceSettings":
        if self.path is None and self.hub is None:
            raise ValueError("either path, or hub with revision")
        if self.path is None and "revision" not in self.model_fields_set:
            raise ValueError("a revision beside hub (a commit of 40 hexadecimal digits, in quotes)")
        return self


class LabelsSettings(SettingsModel):
    """Labelled texts, of which preferences are made: a good one is preferred to a bad one.

    Such pairs share no prompt: it is empty, and reward models read prompt and continuation as one
    text. Both sides are cut to the same number of words.
    """

    text: Annotated[str, Field(min_length=1)] = "text"
    """Field with the text."""
    label: Annotated[str, Field(min_length=1)] = "label"
    """Field with its label."""
    good: bool | int | str = 1
    """The label of what is preferred; all others are not."""
    words: Count = 24
    """Words of a text that are kept, the first ones."""
    pairs: Count | None = None
    """Pairs that are made at most; none: as many as there are of the rarer label."""


class PreferenceSourceSettings(SourceSettings):
    """Preferences: pairs, or rankings of several responses."""

    labels: LabelsSettings | None = None
    """How pairs are made of labelled texts; none: the data are preferences already."""

    columns: dict[PreferenceColumn, Annotated[str, Field(min_length=1)]] = Field(default={})
    """What fields are called in the data, by what they are called here: prompt, chosen, rejected
    and margin of pairs; prompt, responses and ranks of rankings."""


class StepsSourceSettings(SourceSettings):
    """Solutions with labels of their steps."""

    columns: dict[StepsColumn, Annotated[str, Field(min_length=1)]] = Field(default={})
    """What fields are called in the data, by what they are called here: prompt, completions and
    labels; or prompt, completions (the steps so far), next and label."""


def _branch_by(key: str, tag: str) -> Callable[[Any], str]:
    """Return what tells a setting that has the key from a source, and both from `embedded`."""

    def branch(value: Any) -> str:
        if isinstance(value, str):
            return "<embedded>"
        has_key = key in value if isinstance(value, dict) else hasattr(value, key)
        return tag if has_key else "<given>"

    return branch


def _branch(value: Any) -> str:
    return "<embedded>" if isinstance(value, str) else "<given>"


Embedded = Annotated[Literal["embedded"], Tag("<embedded>")]
Source = Annotated[
    Embedded | Annotated[SourceSettings, Tag("<given>")],
    Discriminator(_branch),
]

PreferenceSource = Annotated[
    Embedded | Annotated[PreferenceSourceSettings, Tag("<given>")],
    Discriminator(_branch),
]


class PretrainingSettings(SettingsModel):
    """A GPT-2 of any size, and how it is trained."""

    vocabulary: Annotated[Integer, Field(ge=300)]
    """Tokens of its own byte-level tokenizer."""
    positions: Annotated[Integer, Field(ge=8)]
    """Tokens that it reads."""
    layers: Count
    """Transformer blocks."""
    width: Count
    """Width of the residual stream."""
    heads: Count
    """Attention heads."""
    texts: Count
    """Texts that it is trained on at most, the first ones in the order of a hash."""
    steps: Count
    """Training steps."""
    batch_size: Count
    """Rows of `positions` tokens in a step."""
    learning_rate: Positive
    """Peak learning rate of AdamW, which falls to 0 linearly."""

    @model_validator(mode="after")
    def _divided(self) -> Self:
        if self.width % self.heads:
            raise ValueError(
                f"heads that divide width, but {self.heads} does not divide {self.width}"
            )
        return self


class PretrainedSettings(PretrainingSettings):
    """A language model that the workflow trains on texts itself."""

    pretrain_on: SourceSettings
    """Rows with a field `text`. It goes before a hub or path that lies under it."""

    @model_validator(mode="before")
    @classmethod
    def _goes_first(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: part for key, part in value.items() if key not in SourceSettings.model_fields}


LanguageModelSource = Annotated[
    Embedded
    | Annotated[SourceSettings, Tag("<given>")]
    | Annotated[PretrainedSettings, Tag("<trained>")],
    Discriminator(_branch_by("pretrain_on", "<trained>")),
]


class TextsSourceSettings(SourceSettings):
    """Texts to learn from."""

    columns: dict[Literal["text", "messages", "prompt", "response", "chosen", "rejected"], str] = (
        Field(default={})
    )
    """What fields are called in the data, by what they are called here."""


class FineTuningSettings(PassesSettings):
    """Supervised fine-tuning of the language model, before policies start from it."""

    sources: Annotated[dict[Name, TextsSourceSettings], Field(min_length=1)]
    """What it is tuned on, by name: texts (`text`), chats (`messages`), prompts with a `response`,
    or preferences, whose chosen responses it learns. Prompts of the evaluation and judge splits of
    preferences (data.splits) are left out."""
    epochs: Positive
    """Passes over all of them together."""
    batch_size: Count
    """Texts in a step."""
    learning_rate: Positive
    """Peak learning rate of AdamW."""
    max_length: Count
    """Longest text in tokens; a longer one loses its end."""
    limit: Count | None = None
    """Texts of each source at most, the first ones; none: all."""


class EndpointSettings(SettingsModel):
    """A server that speaks the OpenAI chat protocol."""

    endpoint: Url
    """Where it is, up to /chat/completions: http://127.0.0.1:8000/v1. A key is read from the
    variable JUDGE_API_KEY, if it is set."""
    model: Annotated[str, Field(min_length=1)]
    """Name of the model that it is asked for."""


JudgeSource = Annotated[
    Embedded
    | Annotated[SourceSettings, Tag("<given>")]
    | Annotated[EndpointSettings, Tag("<endpoint>")],
    Discriminator(_branch_by("endpoint", "<endpoint>")),
]


class SplitSettings(SettingsModel):
    """Shares of the prompts that are put aside; the rest is for training."""

    evaluation: Probability
    """Share for evaluation."""
    judge: Probability
    """Share for training a judge, which no other model sees."""

    @model_validator(mode="after")
    def _leaves_training(self) -> "SplitSettings":
        if self.evaluation + self.judge >= 1:
            raise ValueError(
                f"evaluation and judge below 1 together, so that something is left for training, "
                f"but {self.evaluation:g} + {self.judge:g} = {self.evaluation + self.judge:g}"
            )
        return self


class CuttingSettings(SettingsModel):
    """How prompts are cut from the beginnings of texts; by default they are taken as they stand."""

    minimum_characters: NonNegative = 0.0
    """Texts that are not longer are left out."""
    shortest: Count | None = None
    """Fewest tokens of a prompt; none: prompts are not cut."""
    longest: Count | None = None
    """Most tokens of a prompt; none: prompts are not cut."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if (self.shortest is None) != (self.longest is None):
            raise ValueError("both shortest and longest, or neither")
        if self.shortest is not None and self.shortest > self.longest:
            raise ValueError(f"shortest at most longest, but {self.shortest} > {self.longest}")
        return self


class PromptBuilderSettings(CuttingSettings):
    """Prompts from a source."""

    source: SourceSettings
    """Rows with a field `prompt` (a text or chat messages), or a field `text`."""
    evaluation: SourceSettings | None = None
    """The same for evaluation, where the data bring a split of their own; none: prompts of `source`
    are divided by a hash of their text."""

    @property
    def cutting(self) -> CuttingSettings:
        """Return how they are cut."""
        return CuttingSettings(**self.model_dump(exclude={"source", "evaluation"}))


PromptSource = Annotated[
    Embedded | Annotated[PromptBuilderSettings, Tag("<given>")],
    Discriminator(_branch),
]
EMBEDDED_PREFERENCES = ("helpful", "harmless", "overall")
EMBEDDED_PROMPTS = ("world",)


class DataSettings(SettingsModel):
    """Where preferences, prompts and the base language model come from."""

    renamed: ClassVar[dict[str, str]] = {"parts": "splits"}

    language_model: LanguageModelSource
    """Base language model, which policies start from."""
    fine_tuning: FineTuningSettings | None
    """How it is tuned before that; none: not at all."""
    reward_trunk: Source
    """Model that reward models start from; embedded: the embedded world's language model."""
    trunks: dict[Name, SourceSettings]
    """Other models that the reward models of some preference sets start from, by set."""
    preferences: dict[Name, PreferenceSource]
    """Preference sets by name. `embedded` is for the world's own: helpful, harmless, overall."""
    splits: SplitSettings
    """How the prompts of a preference set are divided."""
    prompts: dict[Name, PromptSource]
    """Prompt sets by name. `embedded` is for the world's own, named world."""
    judge: JudgeSource
    """Judge that compares answers in words: a causal language model, or a server; embedded: the
    world's language model with more positions, tuned to give verdicts."""
    classifier: SourceSettings | None
    """Sequence classifier of one label that judges policies (policies.judge: classifier); none:
    nothing is judged by one."""
    steps: dict[Name, StepsSourceSettings]
    """Solutions with labels of their steps, by name, which process reward models learn from."""
    benchmark: Source
    """Pairs with subsets that reward models are compared on; embedded: the world's own."""

    def sources(self) -> dict[str, SourceSettings]:
        """Return all sources that are not embedded, by their keys below data."""
        trained = isinstance(self.language_model, PretrainedSettings)
        named: dict[str, Any] = {
            "language_model": "embedded" if trained else self.language_model,
            "reward_trunk": self.reward_trunk,
            "benchmark": self.benchmark,
            "classifier": self.classifier or "embedded",
        }
        named |= {f"trunks.{name}": source for name, source in self.trunks.items()}
        if trained:
            named["language_model.pretrain_on"] = self.language_model.pretrain_on
        if self.fine_tuning is not None:
            named |= {
                f"fine_tuning.sources.{name}": source
                for name, source in self.fine_tuning.sources.items()
            }
        named |= {
            f"prompts.{name}.evaluation": builder.evaluation
            for name, builder in self.prompts.items()
            if builder != "embedded" and builder.evaluation is not None
        }
        named |= {} if isinstance(self.judge, EndpointSettings) else {"judge": self.judge}
        named |= {f"preferences.{name}": source for name, source in self.preferences.items()}
        named |= {f"steps.{name}": source for name, source in self.steps.items()}
        named |= {
            f"prompts.{name}.source": builder.source
            for name, builder in self.prompts.items()
            if builder != "embedded"
        }
        return {key: source for key, source in named.items() if source != "embedded"}

    @field_validator("preferences")
    @classmethod
    def _known_preferences(cls, value: dict[str, Any]) -> dict[str, Any]:
        return _embedded_only_for(value, EMBEDDED_PREFERENCES)

    @field_validator("prompts")
    @classmethod
    def _known_prompts(cls, value: dict[str, Any]) -> dict[str, Any]:
        return _embedded_only_for(value, EMBEDDED_PROMPTS)


def _embedded_only_for(sources: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name, source in sources.items():
        if source == "embedded" and name not in names:
            raise ValueError(f"a source for {name}, since only {', '.join(names)} can be embedded")
    return sources
