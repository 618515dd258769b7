"""What jobs are told of judges: of what says how good policies' responses are, and in words.

As in `inputs`, these functions take the settings of a run and the wildcards of a job.
"""

from collections.abc import Callable
from typing import Any

from rewardlab.data.sampling import SamplingSettings, opponent_sampling
from rewardlab.inputs import EXPLORED, dialect_values, is_sampled, rewarded
from rewardlab.running.errors import UserError
from rewardlab.settings.compose import Settings
from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.judging import AskingSettings, JudgeSettings, ReadingSettings

ANSWERS = "results/{run}/judging/answers"
"""Where answers of judges in words are kept."""


def judge(config: Settings, wildcards: Any) -> JudgeSettings:
    """Return what judges policies' responses, without its model."""
    kind = config.policies.judge
    if kind == "gold":
        return JudgeSettings(world=config.world)
    if kind == "generative":
        return JudgeSettings(asking=asking(config, wildcards))
    length = None if kind == "classifier" else config.rewards.max_length
    reading = ReadingSettings(features=config.rewards.features, max_length=length)
    return JudgeSettings(reading=reading)


def asking(config: Settings, wildcards: Any) -> AskingSettings:
    """Return how the judge in words is asked."""
    source = config.data.judge
    return AskingSettings(
        settings=config.judging,
        endpoint=source if isinstance(source, EndpointSettings) else None,
        is_tuned=source == "embedded",
        cache=ANSWERS.format(run=wildcards.run),
    )


def in_words(config: Settings, name: str) -> list[str]:
    """Return the manifest of the judge in words, without its ending; none, if it is a server.

    name: the set that it judges by; the embedded one is tuned on pairs of it.
    """
    if isinstance(config.data.judge, EndpointSettings):
        return []
    return [f"models/judge_{name}" if config.data.judge == "embedded" else "sources/judge"]


def shown_in_words(config: Settings, wildcards: Any) -> list[str]:
    """Return the same for the rule's set, or the shown one."""
    return in_words(config, getattr(wildcards, "set", config.rewards.shown))


def models_of(sets: Callable[[Settings, Any], list[str]]) -> Callable:
    """Return a function that gives the manifests of what judges by sets.

    Gold and servers have none.
    """

    def names(config: Settings, wildcards: Any) -> list[str]:
        kind = config.policies.judge
        judges = {
            "reward_model": lambda name: [f"models/judge_model_{name}"],
            "classifier": lambda name: ["sources/classifier"],
            "generative": lambda name: in_words(config, name),
        }
        of_set = judges.get(kind, lambda name: [])
        return [model for name in sets(config, wildcards) for model in of_set(name)]

    return names


def own_set(config: Settings, wildcards: Any) -> list[str]:
    """Return the rule's set."""
    return [wildcards.set]


def sets_of_experiment(config: Settings, wildcards: Any) -> list[str]:
    """Return the sets that an experiment's policies are judged by: of its rewards, or of all."""
    return rewarded(config, wildcards) or [config.policies.preferences]


def judged_sets(config: Settings, wildcards: Any) -> list[str]:
    """Return the sets of preferences that policies are judged by: their own, and the properties."""
    every = [config.policies.preferences, *config.aggregation.properties]
    return list(dict.fromkeys(every))


def template(config: Settings, wildcards: Any) -> list[str]:
    """Return the file that says what a judge in words is asked; none: another kind judges."""
    return [config.judging.template] if config.policies.judge == "generative" else []


def opponents(config: Settings, wildcards: Any) -> list[str]:
    """Return the table of the base model's responses that a judge in words compares with."""
    return ["responses/opponents"] if config.policies.judge == "generative" else []


def opponent_samples(config: Settings, wildcards: Any) -> SamplingSettings:
    """Return how the base model's responses are drawn that a judge compares policies' with."""
    return opponent_sampling(config.policies.ppo.response_tokens, config.sampling_batch)


def judged_table(config: Settings, wildcards: Any) -> list[str]:
    """Return which table of a job's policies is read for what they are worth.

    Gold judges responses as they are read; for a model that is a job.
    """
    return ["responses" if config.policies.judge == "gold" else "judged"]


def ranked_table(config: Settings, wildcards: Any) -> list[str]:
    """Return the same, of responses that are ranked among samples of the base model.

    Raises UserError if nothing gives each a number that they can be ranked by.
    """
    if config.policies.judge == "generative":
        raise UserError(
            "policies.judge is generative: a judge in words compares two responses, and ranks none "
            f"among many, as the figures of {wildcards.experiment} need; transforming_in_words has "
            "the win rates by it. Expected another judge for these."
        )
    return judged_table(config, wildcards)


def judged_by(config: Settings, wildcards: Any) -> list[str]:
    """Return what tables of judged responses are called by: the world's gold, or models."""
    return ["gold" if config.policies.judge == "gold" else "judges"]


def is_pool_judged(config: Settings, wildcards: Any) -> bool:
    """Return whether a pool's responses have a number each by what judges policies."""
    return is_sampled(config, wildcards) and config.policies.judge != "generative"


def judged_set(config: Settings, wildcards: Any) -> str | None:
    """Return the set that samples are judged by; none: nothing judges them, or nobody asks.

    Policies and fixed points are judged on evaluation prompts alone.
    """
    kind = config.policies.judge
    embedded = config.data.preferences[wildcards.set] == "embedded"
    has_judge = embedded if kind == "gold" else kind != "generative"
    return wildcards.set if has_judge and wildcards.split == "evaluation" else None


def gold_column(config: Settings, wildcards: Any) -> str:
    """Return the column with the reward that policies are judged by."""
    return f"gold_{config.policies.preferences}"


def gold_world(config: Settings, wildcards: Any) -> dict[str, Any] | None:
    """Return the world whose gold judges responses; none: the language model is no world's."""
    embedded = config.data.language_model == "embedded" and config.policies.judge == "gold"
    return config.world.model_dump(mode="json") if embedded else None


def other_dialects(config: Settings, wildcards: Any) -> list[str]:
    """Return the dialect's values by which policies are judged beside the world's own."""
    if config.policies.judge != "gold":
        return []
    return [
        name for name in dialect_values(config, wildcards) if name != config.world.dialect.value
    ]


def is_exploratory(config: Settings, wildcards: Any) -> bool:
    """Return whether Figure 12's design was settled in this very world."""
    return config.policies.judge == "gold" and config.world.seed == EXPLORED
