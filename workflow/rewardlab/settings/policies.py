"""Settings of the policies that are trained against reward ensembles."""

import json
import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, model_validator

from rewardlab.settings.ppo import PPOSettings
from rewardlab.settings.reference_names import EXPECTED, reference_of
from rewardlab.settings.rewards import EnsembleSettings
from rewardlab.settings.types import (
    Count,
    Integer,
    Name,
    Number,
    Positive,
    SettingsModel,
    Unique,
    number_of,
)


class ProxySettings(SettingsModel):
    """What policies are rewarded with."""

    renamed: ClassVar[dict[str, str]] = {
        "lower_bound": "policies.methods.lower_bound.deviations",
        "uncertainty_weighted": "policies.methods.uncertainty_weighted.weight",
        "max_length": "rewards.max_length",
        "centring_samples": "policies.proxy.base_samples",
    }

    centring: Literal["base", "raw"]
    """Whether each head's mean over samples of the base model is taken off (base) or not (raw)."""
    sigma: Literal["base", "raw"]
    """Whether sigma is divided by its mean over samples of the base model, for each ensemble, so
    that a coefficient means the same for all (base), or not (raw); the paper is silent."""
    base_samples: Count
    """Samples of the base model that heads are centred on, and sigma is measured by."""


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
    """Distance from the target at which a coefficient is taken as it is, in nats."""
    first: Positive
    """Coefficient that the search begins with."""
    ensembles: Count
    """Ensembles of their own that pilot policies are trained against."""
    pilots: Annotated[Integer, Field(ge=1)]
    """Pilot policies at each coefficient against each of them, one for each of the first heads."""
    rounds: Count
    """Coefficients that are tried at most."""

    @model_validator(mode="after")
    def _several(self) -> "MatchedKLSettings":
        if self.ensembles * self.pilots < 2:
            raise ValueError("at least two pilots in all, for a standard error")
        return self


EXACT = "exact"


def _coefficient(value: Any) -> Any:
    """Take a KL coefficient: a number above 0, `search`, `exact`, or none."""
    if value is None or value in ("search", EXACT):
        return value
    found = number_of(value)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < math.inf:
        raise ValueError("a number more than 0, search or exact")
    return float(found)


Coefficient = Annotated[
    float | Literal["search", "exact"] | None,
    PlainValidator(_coefficient, json_schema_input_type=float | Literal["search", "exact"] | None),
]


def _reference(name: str) -> str:
    try:
        reference_of(name)
    except ValueError:
        raise ValueError(EXPECTED) from None
    return name


def _weights(value: Any) -> Any:
    """Take a weight for each of several rewards, `search`, or none."""
    if value is None or value == "search":
        return value
    found = tuple(map(number_of, value)) if isinstance(value, list | tuple) else ()
    numbers = [part for part in found if isinstance(part, int | float) and 0 < part < math.inf]
    if len(found) < 2 or len(numbers) < len(found) or any(isinstance(p, bool) for p in found):
        raise ValueError("two numbers or more, all above 0, or search")
    return tuple(map(float, found))


Weights = Annotated[
    tuple[float, ...] | Literal["search"] | None,
    PlainValidator(_weights, json_schema_input_type=list[float] | Literal["search"] | None),
]


ReferenceName = Annotated[str, AfterValidator(_reference)]
"""A name that `reference_of` knows."""


class RewardedSettings(SettingsModel):
    """One reward that policies are trained on."""

    reference: ReferenceName
    """What is subtracted where a transformation is centred: none, refusal (the canned one's
    reward), median or a percentile such as q85 of base samples of the prompt; gaussian_q85, if they
    were Gaussian; predict_q85, from the prompt alone."""


class MethodSettings(SettingsModel):
    """A method that policies are trained by. Further keys are parameters of its penalty."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number] = Field(init=False)

    penalty: Name | None
    """A function of rewardlab.policies.penalties; null: the base model itself, never trained."""
    beta: Coefficient = None
    """KL coefficient; `search` for the one at which pilots reach the target; `exact` for those at
    which fixed points reach the experiment's divergences; none for the base model."""
    learning_rate: Positive | None = None
    """Learning rate of this method's policies (Table 6: 1.414e-5, vanilla; Table 7: 1.5e-5); none:
    that of PPO. What an experiment says under its own `ppo` goes first."""
    transform: Literal["identity", "centred", "log_sigmoid", "lsc"] = "identity"
    """What becomes of each of the experiment's rewards."""
    combine: Literal["sum", "sigmoid_and", "sigmoid_or", "minimum"] = "sum"
    """How several become one."""
    weights: Weights = None
    """A weight for each of the experiment's rewards; `search` for those that win most often on all
    of them at fixed points; none: alike."""

    @model_validator(mode="after")
    def _complete(self) -> "MethodSettings":
        if (self.penalty is None) != (self.beta is None):
            raise ValueError("a coefficient beta for every penalty, and none without")
        if self.weights is not None and self.combine == "minimum":
            raise ValueError("no weights beside combine: minimum")
        if self.combine.startswith("sigmoid") and self.transform in ("log_sigmoid", "lsc"):
            raise ValueError(
                f"transform: centred or identity beside combine: {self.combine}, which takes "
                "rewards for logits"
            )
        if self.beta == EXACT and self.penalty != "vanilla":
            raise ValueError("penalty: vanilla beside beta: exact, which knows its fixed points")
        return self

    @property
    def is_plain(self) -> bool:
        """Return whether rewards are taken as they are, which needs no rewards of an experiment."""
        return (self.transform, self.combine, self.weights) == ("identity", "sum", None)

    @property
    def parameters(self) -> dict[str, float]:
        """Return the parameters of the penalty by name."""
        return dict(self.__pydantic_extra__ or {})


class ExperimentSettings(SettingsModel):
    """Policies that are compared: which methods, against which heads, how many."""

    methods: Annotated[tuple[Name, ...], Field(min_length=1), Unique]
    """Names under policies.methods."""
    ensembles: Count | None = None
    """Ensembles, each drawn anew; none: one, which has the experiment's name."""
    heads: Count | None = None
    """Heads of each ensemble that policies are trained against, the first ones; none: all, as where
    there are no more."""
    policies_per_head: Count = 1
    """Policies of each method against each head."""
    kl_factors: Annotated[tuple[Positive, ...], Field(min_length=1), Unique] = (1.0,)
    """Multiples of the methods' KL coefficients."""
    rewards: dict[Name, RewardedSettings] = Field(default={})
    """Names under data.preferences, whose rewards policies are trained on, each by heads of its
    own; none: policies.preferences alone, as it is."""
    traced: Annotated[tuple[Name, ...], Unique] = ()
    """Further methods, whose fixed points alone are found."""
    divergences: Annotated[tuple[Positive, ...], Field(min_length=1), Unique] | None = None
    """KL divergences of fixed points, in nats, whose coefficients methods with beta `exact` take,
    in place of multiples."""
    like: Name | None = None
    """Another experiment, whose ensembles it takes, the first ones; none: ensembles of its own."""
    ppo: dict[Name, Any] = Field(default={})
    """What differs from policies.ppo; coefficients are still those that were searched without."""

    @property
    def factors(self) -> tuple[float, ...]:
        """Return what tells a method's coefficients apart: divergences, or multiples."""
        return self.divergences or self.kl_factors


class ChosenPairsSettings(SettingsModel):
    """How many preference pairs heads are fitted to, chosen by vanilla policies alone."""

    candidates: Annotated[tuple[Name, ...], Field(min_length=1), Unique]
    """Names under regimes.heads, from many pairs to few."""
    factor: Positive
    """Least exact variance between vanilla policies, over that within a head, as judged."""
    heads: Annotated[Integer, Field(ge=2)]
    """Heads that the latter is measured against."""
    trials: Annotated[Integer, Field(ge=2)]
    """Pilot policies against each of them."""


class PolicySettings(SettingsModel):
    """PPO against an ensemble: vanilla, variance-aware, and others."""

    renamed: ClassVar[dict[str, str]] = {
        "aware": "variance_aware",
        "betas": "methods, with a beta for each",
        "trials": "experiments.fig7.policies_per_head",
        "ensembles": "experiments.fig12.ensembles",
        "jobs": "policies_per_job",
    }

    judge: Literal["gold", "reward_model", "classifier", "generative"]
    """What policies are judged by: the embedded world's gold reward; reward models trained on the
    judge split of the same preferences; data.classifier; or data.judge, which says in words how
    often it prefers a response to one of the base model's."""
    prompts: Name
    """Prompt set (a name under data.prompts)."""
    preferences: Name
    """Preference set (a name under data.preferences) whose reward model's heads are drawn."""
    ensemble: EnsembleSettings
    """The ensembles, each drawn anew on that reward model's features."""
    chosen_pairs: ChosenPairsSettings | None
    """The number of pairs that heads are fitted to; none: that of `ensemble`."""
    variance_aware: Name
    """The method that Figures 7 to 12 set against vanilla: sigma (section 5) or its square."""
    proxy: ProxySettings
    """The rewards."""
    ppo: PPOSettings
    """The algorithm."""
    methods: dict[Name, MethodSettings]
    """Methods by name."""
    matched_kl: MatchedKLSettings
    """The search for KL coefficients."""
    experiments: dict[Name, ExperimentSettings]
    """Experiments by name."""
    seeds: Literal["policy", "trial"] = "policy"
    """What has a seed of its own: every policy; or every trial, so that policies against different
    heads start from one (the paper prints 0 for all 40; with one for the trials of a head too,
    these would be one policy)."""
    policies_per_job: Count
    """Policies that one job trains, one after the other: many (few processes), or few (for many
    cores)."""
    evaluation: PolicyEvaluationSettings
    """Judging."""

    @model_validator(mode="after")
    def _known_methods(self) -> "PolicySettings":
        known = ", ".join(self.methods)
        if self.variance_aware not in self.methods:
            raise ValueError(f"variance_aware to be one of methods, {known}")
        for name, experiment in self.experiments.items():
            for method in (*experiment.methods, *experiment.traced):
                if method not in self.methods:
                    raise ValueError(
                        f"names under methods, {known}, in experiments.{name}, not {method!r}"
                    )
        return self

    def ppo_of(self, name: str | None = None, method: str | None = None) -> PPOSettings:
        """Return the algorithm's settings in an experiment and of a method, if they are named.

        Raises ValidationError.
        """
        rate = self.methods[method].learning_rate if method else None
        of_method = {} if rate is None else {"learning_rate": rate}
        values = self.ppo.model_dump() | of_method | (self.experiments[name].ppo if name else {})
        return PPOSettings.model_validate_json(json.dumps(values))
