"""What a policy is rewarded with, given the rewards of an ensemble: pure functions of tensors.

rewards: (B, K), of B responses by K heads, each head centred. A penalty turns them into scores (B,)
and weights (B,) of the KL divergence: the penalised reward of a response is its score less
beta * weight * ln(policy / reference). A penalty that takes `head` belongs to one head, the others
to the whole ensemble; `unit` is what sigma is measured in where it weighs, its mean over base
samples; what it takes by keyword only are its parameters, which stand beside its name in the
configuration. Adding one takes a function here and a row under policies.methods.
"""

import inspect
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the configuration is checked against this module, without torch
    from torch import Tensor


class PenalisedReward(NamedTuple):
    """Scores (B,), and the weights (B,) of their KL penalty."""

    scores: "Tensor"
    weights: "Tensor"


def vanilla(rewards: "Tensor", head: int) -> PenalisedReward:
    """Return one head's rewards, penalised alike."""
    return _unweighted(rewards[:, head])


def variance_aware(
    rewards: "Tensor", head: int, unit: float, *, exponent: float
) -> PenalisedReward:
    """Return one head's rewards, penalised in proportion to (sigma / unit)^exponent.

    sigma is the heads' sample standard deviation. The uncertainty paper has exponent 1 in its PPO
    (section 5) and 2 in its theory (Theorem 3.6).
    """
    return PenalisedReward(rewards[:, head], (rewards.std(1) / unit) ** exponent)


def lower_bound(rewards: "Tensor", head: int, *, deviations: float) -> PenalisedReward:
    """Return one head's rewards less deviations * sigma: a lower confidence bound."""
    return _unweighted(rewards[:, head] - deviations * rewards.std(1))


def ensemble_mean(rewards: "Tensor") -> PenalisedReward:
    """Return the heads' mean rewards."""
    return _unweighted(rewards.mean(1))


def worst_case(rewards: "Tensor") -> PenalisedReward:
    """Return the lowest of the heads' rewards (WCO; Coste et al., arXiv 2310.02743)."""
    return _unweighted(rewards.amin(1))


def uncertainty_weighted(rewards: "Tensor", *, weight: float) -> PenalisedReward:
    """Return the mean less weight * variance (UWO; Coste et al., arXiv 2310.02743)."""
    return _unweighted(rewards.mean(1) - weight * rewards.var(1))


def _unweighted(scores: "Tensor") -> PenalisedReward:
    return PenalisedReward(scores, scores.new_ones(scores.shape))


PENALTIES = {
    penalty.__name__: penalty
    for penalty in (
        vanilla,
        variance_aware,
        lower_bound,
        ensemble_mean,
        worst_case,
        uncertainty_weighted,
    )
}


def needs_head(penalty: str) -> bool:
    """Return whether a penalty of PENALTIES belongs to one head."""
    return "head" in inspect.signature(PENALTIES[penalty]).parameters


def parameters_of(penalty: str) -> list[str]:
    """Return the names of a penalty's parameters."""
    found = inspect.signature(PENALTIES[penalty]).parameters.values()
    return [parameter.name for parameter in found if parameter.kind is parameter.KEYWORD_ONLY]


def penalised_reward(
    penalty: str,
    rewards: "Tensor",
    head: int | None,
    parameters: dict[str, float],
    unit: float = 1.0,
) -> PenalisedReward:
    """Return the scores and weights of a penalty of PENALTIES.

    head: which one, for a penalty of one head; unit: of sigma. Raises ValueError on an unknown
    penalty, or without the head that it needs.
    """
    if penalty not in PENALTIES:
        raise ValueError(f"{penalty!r} is not a penalty; they are {', '.join(PENALTIES)}")
    if needs_head(penalty) and head is None:
        raise ValueError(f"{penalty} needs a head")
    taken = inspect.signature(PENALTIES[penalty]).parameters
    given = {"head": head, "unit": unit}
    given = {name: value for name, value in given.items() if name in taken}
    return PENALTIES[penalty](rewards, **given, **parameters)
