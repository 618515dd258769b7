"""Settings of reward models and ensembles of reward heads."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rewardlab.settings.passes import PassesSettings
from rewardlab.settings.types import (
    Count,
    Integer,
    Name,
    NonNegative,
    Positive,
    SettingsModel,
    Unique,
)

# Longest text in tokens; the beginning of a longer one is cut off.
Length = Annotated[Integer, Field(ge=4)]


class RewardModelSettings(PassesSettings):
    """The single reward model: the whole trunk and one logit, trained on preference pairs."""

    renamed: ClassVar[dict[str, str]] = {"max_length": "rewards.max_length"}

    loss: Literal["bradley_terry", "margin", "balanced", "plackett_luce"] = "bradley_terry"
    """Of pairs, Bradley-Terry, or the same with the margin that each pair brings; of rankings, all
    comparisons of a prompt in one batch, or the K-wise loss of Plackett and Luce."""
    learning_rate: Positive
    """Peak learning rate of AdamW (Table 2: 1e-5)."""
    weight_decay: NonNegative
    """Weight decay (Table 2: 0.001)."""
    batch_size: Count
    """Pairs per step (Table 2: 32); rankings, where the loss is of rankings."""
    schedule: Literal["cosine", "linear", "constant"]
    """Learning-rate schedule (Table 2: cosine)."""
    epochs: Positive
    """Passes over the pairs at most (Table 2: 1)."""
    stop_loss: NonNegative
    """Training stops when the smoothed loss has come down to this (the paper: 0.3 or 0.4)."""
    smoothing: Count
    """Steps over which the loss is averaged."""
    checkpoint_steps: Count
    """Steps between two checkpoints, from which a killed training goes on."""
    optimiser: Literal["adamw", "paged_adamw_32bit"] = "adamw"
    """AdamW, or the paper's, which pages its state in 32 bit (Tables 2 and 4) and needs
    bitsandbytes; where that is not installed, plain AdamW stands in, and the log says so."""


class FeatureSettings(SettingsModel):
    """Pooled features of the frozen trunk, computed once for each text."""

    renamed: ClassVar[dict[str, str]] = {"max_length": "rewards.max_length"}

    batch_size: Count
    """Texts per forward pass."""
    checkpoint_texts: Count
    """Texts between two saves, from which a killed extraction goes on."""


class ScoringSettings(FeatureSettings):
    """How responses are scored; what is not given has a default."""

    renamed: ClassVar[dict[str, str]] = {"max_length": "--max-length, an option of its own,"}

    batch_size: Count = 32
    """Texts per forward pass."""
    checkpoint_texts: Count = 4096
    """Texts between two saves, from which a killed scoring goes on."""


class PaperHeadsSettings(SettingsModel):
    """Heads as the paper trains them: drawn at random, one optimiser, a summed loss."""

    initial_deviation: Positive
    """Standard deviation of the heads' initial weights. Not in the paper; it sets Figure 6's range
    where training is brief."""
    learning_rate: Positive
    """Peak learning rate of AdamW, with a cosine schedule (Table 4: 1e-5)."""
    weight_decay: NonNegative
    """Weight decay."""
    batch_size: Count
    """Pairs per step and head (Table 4: 32)."""
    epochs: Positive
    """Passes over the pairs (Table 4: 0.5)."""
    trained_head: bool
    """Whether the first head is the trained model's own, which goes on from where it is (section 4:
    nine further ones stand beside it), or drawn as all others (appendix: ten are attached)."""
    stop_loss: NonNegative
    """Training stops when the heads' mean loss over fifty steps has come down to this (the paper:
    near 0.2); 0: only at the end."""


class BootstrapHeadsSettings(SettingsModel):
    """Heads fitted to convergence, each to a bootstrap sample and around its own prior draw."""

    prior_deviation: Positive
    """Standard deviation of the Gaussian prior of the weights, which each head draws from."""


class EnsembleSettings(SettingsModel):
    """The ensemble of reward heads on one frozen trunk."""

    heads: Annotated[Integer, Field(ge=2)]
    """Number of heads (the paper: 10)."""
    kind: Literal["paper", "bootstrap", "independent"]
    """How the heads are made to differ; independent: whole models, each from its own seed."""
    paper: PaperHeadsSettings
    """Settings of the kind `paper`."""
    bootstrap: BootstrapHeadsSettings
    """Settings of the kind `bootstrap`."""
    pairs: Count | None = None
    """Preference pairs that an ensemble draws for its heads, without replacement; none: all."""


class RedrawSettings(SettingsModel):
    """Ensembles of the kind `paper` that are drawn again and again."""

    draws: Annotated[Integer, Field(ge=2)]
    """Ensembles by each initial deviation."""
    deviations: Annotated[tuple[Positive, ...], Field(min_length=1), Unique]
    """Initial deviations of their heads."""


class RewardSettings(SettingsModel):
    """Reward models: which preferences, the single model, the ensemble."""

    sets: Annotated[tuple[Name, ...], Field(min_length=1), Unique]
    """Preference sets (names under data.preferences); each gets a reward model and an ensemble."""
    shown: Name
    """The one of them that the figures of the uncertainty paper are drawn of."""
    max_length: Length
    """Longest text that any reward model reads, in tokens; a longer one loses its beginning."""
    model: RewardModelSettings
    """The single reward model."""
    features: FeatureSettings
    """The trunk's features."""
    ensemble: EnsembleSettings
    """The heads."""
    redraws: RedrawSettings
    """Heads drawn again: what the claims on Figures 6 and 9 hang on."""
