"""Settings of the closed-form policies: Figures 2 to 4 and Theorems 2.2, 3.3, 3.6."""

from typing import Annotated

from pydantic import Field, model_validator

from rewardlab.settings.types import (
    AtLeastOne,
    Count,
    Integer,
    NonNegative,
    Number,
    OpenProbability,
    Positive,
    SettingsModel,
)


class BanditSettings(SettingsModel):
    """The three-armed bandit of Figure 2. The paper draws it without numbers: these are ours."""

    true_rewards: tuple[Number, Number, Number]
    """True reward of each arm."""
    estimates: tuple[Number, Number, Number]
    """Estimated reward of each arm."""
    deviations: tuple[Positive, Positive, Positive]
    """Standard deviation of each estimate; the drawn interval is two of them to each side."""
    kl: Positive
    """KL divergence from the uniform policy, in nats, that both policies spend."""


class VarianceRange(SettingsModel):
    """The range over which the variances of the reward estimates are spaced evenly."""

    low: Positive
    """Smallest variance."""
    high: Positive
    """Largest variance."""

    @model_validator(mode="after")
    def _ordered(self) -> "VarianceRange":
        if self.low > self.high:
            raise ValueError(f"low at most high, but {self.low:g} > {self.high:g}")
        return self


class VarianceRanges(SettingsModel):
    """The two settings that the paper compares."""

    high_variability: VarianceRange
    """Figure 3."""
    low_variability: VarianceRange
    """Figure 4."""


class ReturnSettings(SettingsModel):
    """The return distributions of Figures 3 and 4."""

    dimension: Count
    """Number of prompt-response pairs (the paper: 1000)."""
    draws: Annotated[Integer, Field(ge=10)]
    """Number of reward estimates that are drawn; the paper does not say."""
    true_reward_norm: Positive
    """Euclidean norm of the true reward vector, whose signs are drawn. Not in the paper."""
    epsilon: Positive
    """Squared radius of the feasible ball. Not in the paper; only sqrt(epsilon) x norm sets the
    spreads, and that product was fitted to Method 1's printed deviation in Figure 3."""
    variances: VarianceRanges
    """Ranges of the variances in Figures 3 and 4."""


class ConstraintSettings(SettingsModel):
    """Figures 3 and 4 under the other constraints of Remark 2.3; the rest is that of `returns`."""

    reference_exponent: Annotated[float, Field(ge=0, le=3)]
    """The reference policy of the Fisher metric goes as 1 / rank^exponent, in random order; 0:
    uniform, where this metric is the Euclidean one. Not in the paper."""


class BoundSettings(SettingsModel):
    """Theorem 2.2: how often the penalised objective is a lower bound."""

    dimensions: tuple[Count, ...]
    """Numbers of prompt-response pairs."""
    promised: tuple[OpenProbability, ...]
    """Coverages that each form promises, 1 - delta."""
    draws: Annotated[Integer, Field(ge=10)]
    """Number of reward estimates that are drawn for each dimension."""
    true_reward_norms: tuple[NonNegative, ...]
    """Norms of the true reward, measured in standard deviations of the estimate."""


class RiskSettings(SettingsModel):
    """Theorem 3.3: the probability of doing worse than the reference policy."""

    dimension: Count
    """Number of prompt-response pairs."""
    mean_variance: Positive
    """Mean of the variances, the same at every heterogeneity."""
    heterogeneity: tuple[AtLeastOne, ...]
    """Largest over smallest variance, one value per point of the sweep."""
    true_reward_norm: Positive
    """Euclidean norm of the true reward vector."""
    draws: Annotated[Integer, Field(ge=10)]
    """Number of reward estimates that are drawn at each point."""


class OptimumSettings(SettingsModel):
    """Theorem 3.6: the optimum of the variance-weighted KL problem."""

    arms: Annotated[Integer, Field(ge=2)]
    """Number of responses in the example."""
    budgets: tuple[NonNegative, ...]
    """Values of epsilon, the bound on the weighted KL divergence."""
    reward_shifts: tuple[Number, ...]
    """Constants added to all rewards, which must not change an optimal policy."""


class TheoremSettings(SettingsModel):
    """The three theorems, checked by computation."""

    bound: BoundSettings
    """Theorem 2.2."""
    risk: RiskSettings
    """Theorem 3.3."""
    optimum: OptimumSettings
    """Theorem 3.6."""


class SimulationSettings(SettingsModel):
    """Closed-form policies, without a language model."""

    bandit: BanditSettings
    """Figure 2."""
    returns: ReturnSettings
    """Figures 3 and 4."""
    constraints: ConstraintSettings
    """Figures 3 and 4 under other constraints."""
    theorems: TheoremSettings
    """Theorems 2.2, 3.3 and 3.6."""
