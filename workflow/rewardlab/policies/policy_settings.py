"""Settings of the policies that are trained against reward ensembles."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from rewardlab.policies.methods import METHODS
from rewardlab.policies.ppo_settings import PPOSettings
from rewardlab.rewards.settings import EnsembleSettings
from rewardlab.setting_types import Count, Integer, Name, NonNegative, Positive, SettingsModel


class ProxySettings(SettingsModel):
    """What policies are rewarded with."""

    centring: Literal["base", "raw"]
    """Whether each head's mean over samples of the base model is taken off (base) or not (raw)."""
    centring_samples: Count
    """Samples of the base model that heads are centred on."""
    max_length: Annotated[Integer, Field(ge=4)]
    """Longest text that the ensemble reads, in tokens; the beginning of a longer one is cut off."""
    lower_bound: NonNegative
    """Standard deviations taken off by the method lower_bound."""
    uncertainty_weighted: NonNegative
    """Weight of the variance taken off by the method uncertainty_weighted."""


class PolicyEvaluationSettings(SettingsModel):
    """How a trained policy is judged."""

    prompts: Count
    """Prompts of the evaluation split; the same for every policy."""
    samples: Annotated[Integer, Field(ge=2)]
    """Responses to each; at least two, so that the noise of judging can be told from the rest."""


class MatchedKLSettings(SettingsModel):
    """The search for the coefficient at which a method reaches the target divergence."""

    target: Positive
    """KL divergence from the reference at the end of training, in nats (Figure 10: 1.2 to 1.4)."""
    tolerance: Positive
    """Greatest distance from the target that the search accepts, in nats."""
    first: Positive
    """Coefficient that the search begins with."""
    pilots: Annotated[Integer, Field(ge=2)]
    """Policies that are trained at each coefficient, against heads of an ensemble of their own."""
    rounds: Count
    """Coefficients that are tried at most."""


class PolicySettings(SettingsModel):
    """PPO against an ensemble: vanilla, variance-aware, and others."""

    prompts: Name
    """Prompt set (a name under data.prompts)."""
    preferences: Name
    """Preference set (a name under data.preferences) whose reward model's heads are drawn."""
    ensemble: EnsembleSettings
    """The ensembles, each drawn anew on that reward model's features."""
    aware: Literal["aware", "aware_squared"]
    """The variance-aware method of Figures 7 to 12: sigma (section 5) or sigma squared (theory)."""
    proxy: ProxySettings
    """The rewards."""
    ppo: PPOSettings
    """The algorithm."""
    betas: dict[str, Positive | Literal["search"]]
    """KL coefficient by method, or `search` for the one that reaches the target."""
    matched_kl: MatchedKLSettings
    """The search."""
    trials: Count
    """Figure 7: policies for each head of one ensemble (the paper: 4)."""
    ensembles: Count
    """Figure 12: ensembles, with one policy for each of their heads."""
    evaluation: PolicyEvaluationSettings
    """Judging."""

    @field_validator("betas")
    @classmethod
    def _known_methods(cls, value: dict) -> dict:
        if set(value) != set(METHODS):
            raise ValueError(f"a coefficient for each of {', '.join(METHODS)}")
        return value
