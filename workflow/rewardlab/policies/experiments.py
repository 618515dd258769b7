"""The experiments of the configuration as policies and jobs: pure functions of settings.

A policy of an experiment has a number, the same for every method and KL factor: its seeds derive
from it, so that methods are paired by head, prompts and sampling noise.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import ValidationError

from rewardlab.policies.names import NOISE, PILOT, REFERENCE, VANILLA, Policy
from rewardlab.policies.penalties import PENALTIES, parameters_of
from rewardlab.running.errors import UserError
from rewardlab.running.validation import describe
from rewardlab.settings.policies import EXACT, ExperimentSettings, PolicySettings

CONTRASTED = ("fig7", "fig12")  # experiments that the claims set two methods of side by side


GRID = "grid"  # the factor of a job that trains policies at all of them


class Run(NamedTuple):
    """The policies that one job trains and samples: of one method, at one KL factor or at all."""

    experiment: str
    method: str
    factor: str
    batch: int


def policies_of(experiment: ExperimentSettings, heads: int) -> list[Policy]:
    """Return a method's policies in an experiment, in the order of their numbers.

    heads: those of an ensemble.
    """
    members = [
        (ensemble, head, trial)
        for ensemble in range(experiment.ensembles or 1)
        for head in range(min(experiment.heads or heads, heads))
        for trial in range(experiment.policies_per_head)
    ]
    return [Policy(number, *member) for number, member in enumerate(members)]


def batches_of(settings: PolicySettings, name: str, method: str) -> list[list[Policy]]:
    """Return the policies of a method in an experiment, by job.

    The base model is sampled for all of them in one job. A job that trains policies at several
    factors has as many fewer of them.
    """
    experiment = settings.experiments[name]
    policies = policies_of(experiment, settings.ensemble.heads)
    if settings.methods[method].penalty is None:
        return [policies]
    at_once = len(experiment.factors) if experiment.rewards else 1
    size = max(1, settings.policies_per_job // at_once)
    return [policies[start : start + size] for start in range(0, len(policies), size)]


def factors_of(experiment: ExperimentSettings, label: str) -> list[float]:
    """Return the factors that a job trains policies at, by what its folder is called."""
    return list(experiment.factors) if label == GRID else [float(label)]


def runs_of(settings: PolicySettings, name: str) -> Iterator[Run]:
    """Yield the jobs of an experiment: methods in its order, and within one the KL factors."""
    experiment = settings.experiments[name]
    for method in experiment.methods:
        trained = settings.methods[method].penalty is not None
        labels = [f"{factor:g}" for factor in experiment.factors] if trained else ["1"]
        for factor in [GRID] if experiment.rewards else labels:
            for batch in range(len(batches_of(settings, name, method))):
                yield Run(name, method, factor, batch)


def ensembles_of(settings: PolicySettings, name: str) -> list[str]:
    """Return the names of an experiment's ensembles, from which the seeds of their heads derive."""
    if name == NOISE:
        return [name]
    wanted = settings.matched_kl if name == PILOT else settings.experiments[name]
    drawn_for = name if name == PILOT else wanted.like or name
    if wanted.ensembles is None:
        return [drawn_for]
    return [f"{drawn_for}-{number}" for number in range(wanted.ensembles)]


def check_methods(settings: PolicySettings) -> None:
    """Raise UserError if a method has a penalty that there is not, or other parameters than it."""
    for name, method in settings.methods.items():
        key = f"policies.methods.{name}"
        if method.penalty is None:
            continue
        if method.penalty not in PENALTIES:
            raise UserError(
                f"{key}.penalty is {method.penalty!r}; expected one of {', '.join(PENALTIES)}."
            )
        wanted = parameters_of(method.penalty)
        if set(method.parameters) != set(wanted):
            takes = " and ".join(wanted) if wanted else "none"
            found = ", ".join(method.parameters) or "none"
            raise UserError(
                f"{key}: expected the parameters of {method.penalty}, {takes}; found {found}."
            )


def check_experiments(settings: PolicySettings) -> None:
    """Raise UserError if an experiment cannot be run, or if one that claims rest on cannot be
    compared."""
    for name, experiment in settings.experiments.items():
        _check_ensembles(settings, name, experiment)
        _check_rewards(settings, name, experiment)
        try:
            settings.ppo_of(name)
        except ValidationError as error:
            raise UserError(f"policies.experiments.{name}.ppo: {describe(error)}") from None
    wanted = (REFERENCE, VANILLA, settings.variance_aware)
    for name in CONTRASTED:
        key = f"policies.experiments.{name}"
        if name not in settings.experiments:
            raise UserError(f"{key} is missing; the claims rest on it.")
        experiment = settings.experiments[name]
        missing = [method for method in wanted if method not in experiment.methods]
        if missing:
            raise UserError(
                f"{key}.methods lacks {', '.join(missing)}; expected {', '.join(wanted)} among "
                "them (policies.variance_aware names the last)."
            )
        if len(experiment.kl_factors) > 1:
            raise UserError(
                f"{key}.kl_factors is {list(experiment.kl_factors)}; expected a single one."
            )


def _check_ensembles(settings: PolicySettings, name: str, experiment: ExperimentSettings) -> None:
    """Raise UserError if an experiment cannot take the ensembles of the one that it names."""
    if experiment.like is None:
        return
    key = f"policies.experiments.{name}"
    other = settings.experiments.get(experiment.like)
    if other is None or other.like is not None:
        own = [key for key, row in settings.experiments.items() if row.like is None]
        raise UserError(
            f"{key}.like is {experiment.like!r}; expected an experiment with ensembles of its own, "
            f"one of {', '.join(own)}."
        )
    if (experiment.ensembles is None) != (other.ensembles is None):
        raise UserError(
            f"{key}.ensembles is {_or_missing(experiment.ensembles)}, that of {experiment.like} is "
            f"{_or_missing(other.ensembles)}; expected a number in both (of which {name} takes the "
            "first), or in neither."
        )


def _check_rewards(settings: PolicySettings, name: str, experiment: ExperimentSettings) -> None:
    """Raise UserError if methods and the rewards that they transform do not fit each other."""
    key, count = f"policies.experiments.{name}", len(experiment.rewards)
    if (count > 0) != (experiment.divergences is not None):
        raise UserError(
            f"{key}: expected rewards and divergences, or neither; "
            f"{'divergences' if count else 'rewards'} is missing."
        )
    if count and experiment.kl_factors != (1.0,):
        raise UserError(f"{key}.kl_factors: expected none beside divergences.")
    if count and experiment.ensembles is None:
        raise UserError(f"{key}.ensembles is missing; expected a number beside rewards.")
    like = experiment.like and settings.experiments[experiment.like]
    if like and list(experiment.rewards) != list(like.rewards):
        raise UserError(f"{key}.rewards: expected those of {experiment.like}, which it is like.")
    if experiment.traced and not count:
        raise UserError(f"{key}.traced: expected nothing, since it has no rewards of its own.")
    for method in (*experiment.methods, *experiment.traced):
        row, of_method = settings.methods[method], f"policies.methods.{method}"
        if row.penalty is None and count:
            raise UserError(
                f"{key}.methods has {method}, the base model; expected trained methods alone: "
                "policies on rewards of an experiment are compared with its samples."
            )
        if row.penalty is None:
            continue
        if (row.beta == EXACT) != (count > 0):
            raise UserError(
                f"{of_method}.beta is {row.beta!r}; expected "
                f"{'exact' if count else 'search or a number'} in {key}, "
                f"{'which has' if count else 'which has no'} rewards of its own."
            )
        if not count and not row.is_plain:
            raise UserError(
                f"{of_method} transforms or combines rewards, but {key}.rewards names none."
            )
        if isinstance(row.weights, tuple) and len(row.weights) != count:
            raise UserError(
                f"{of_method}.weights has {len(row.weights)} numbers; expected {count} in {key}, "
                f"one for each of {', '.join(experiment.rewards)}."
            )
        if row.weights == "search" and count < 2:
            raise UserError(
                f"{of_method}.weights is 'search'; expected several rewards in {key}, not {count}."
            )


def _or_missing(count: int | None) -> str:
    return "missing" if count is None else str(count)


def is_nested(experiment: ExperimentSettings) -> bool:
    """Return whether policies are alike within fresh ensembles, rather than within heads of one."""
    return experiment.ensembles is not None
