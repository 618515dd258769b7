"""What a job reads and is told, by the settings of its run and its wildcards.

For files these functions give names; the rules say where the files of these names are.
"""

from typing import Any

from rewardlab.data.pins import read_pins
from rewardlab.data.sampling import (
    SamplingSettings,
    base_sampling,
    pair_sampling,
    pool_sampling,
    reference_sampling,
)
from rewardlab.data.sources import kind_of
from rewardlab.policies.experiments import (
    batches_of,
    ensembles_of,
    factors_of,
    is_nested,
    runs_of,
)
from rewardlab.policies.names import NOISE, VANILLA, Policy
from rewardlab.settings.aggregation import CombiningSettings
from rewardlab.settings.compose import Settings
from rewardlab.settings.data import (
    CuttingSettings,
    PretrainedSettings,
    SourceSettings,
)
from rewardlab.settings.policies import PolicyEvaluationSettings
from rewardlab.settings.ppo import PPOSettings
from rewardlab.settings.rewards import RewardModelSettings

WORLD_MODEL = "<results>/models/world.json"
EXPLORED = 0  # the seed of the world that Figure 12's design was settled in


def model_of(config: Settings, name: str) -> str:
    """Return the manifest of a model of the configuration, wherever it comes from."""
    if name == "language_model" and config.data.fine_tuning is not None:
        return "<results>/models/tuned.json"
    return base_model_of(config, name)


def trunk_of_set(config: Settings, wildcards: Any) -> list[str]:
    """Return the manifest of the model that a set's reward models start from."""
    own = wildcards.set in config.data.trunks
    trunk = f"<results>/sources/trunks.{wildcards.set}.json"
    return [trunk if own else model_of(config, "reward_trunk")]


def base_model_of(config: Settings, name: str) -> str:
    """Return the same before the language model is tuned."""
    source = getattr(config.data, name)
    if source == "embedded":
        return WORLD_MODEL
    trained = isinstance(source, PretrainedSettings)
    return "<results>/models/pretrained.json" if trained else f"<results>/sources/{name}.json"


def kind_of_source(config: Settings, wildcards: Any) -> str:
    """Return which of the hub's kinds of repository a source is."""
    return kind_of(wildcards.source)


def source_settings(config: Settings, wildcards: Any) -> SourceSettings:
    """Return where a source's files come from, without what is read in them.

    A revision that the settings leave open is the pinned one (pins.yaml).
    """
    source = config.data.sources()[wildcards.source]
    found = {name: getattr(source, name) for name in SourceSettings.model_fields}
    if source.path is None and source.revision is None:
        found["revision"] = read_pins().get(source.hub)
    return SourceSettings(**found)


def cutting(config: Settings, wildcards: Any) -> CuttingSettings:
    """Return how the prompts of a set are cut."""
    return config.data.prompts[wildcards.name].cutting


def is_cut(config: Settings, wildcards: Any) -> bool:
    """Return whether the prompts of a set are cut, in tokens of the language model."""
    return cutting(config, wildcards).longest is not None


def base_language_model(config: Settings, wildcards: Any) -> list[str]:
    """Return the manifest of the language model, before it is tuned."""
    return [base_model_of(config, "language_model")]


def own_evaluation(config: Settings, wildcards: Any) -> list[str]:
    """Return the source of a prompt set's prompts for evaluation, if it has one of its own."""
    has_one = config.data.prompts[wildcards.name].evaluation is not None
    return [f"prompts.{wildcards.name}.evaluation"] if has_one else []


def labels(config: Settings, wildcards: Any) -> dict[str, Any] | None:
    """Return how preferences are made of labelled texts; none: they are preferences."""
    found = config.data.preferences[wildcards.name].labels
    return None if found is None else found.model_dump(mode="json")


def pretraining(config: Settings, wildcards: Any) -> dict[str, Any]:
    """Return how the workflow's own language model is trained, without where texts come from."""
    return config.data.language_model.model_dump(mode="json", exclude={"pretrain_on"})


def tuning_sources(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of the sources that the language model is tuned on."""
    return [f"fine_tuning.sources.{name}" for name in config.data.fine_tuning.sources]


def ensemble_parts(config: Settings, name: str) -> list[str]:
    """Return the names of what a set's ensemble consists of: itself, or its whole models."""
    ensemble = config.rewards.ensemble
    if ensemble.kind != "independent":
        return [f"ensemble_{name}"]
    return [f"member_{name}_{member}" for member in range(ensemble.heads)]


def scoring_models(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of what scores as reward_model or as ensemble of a set."""
    if wildcards.model == "ensemble":
        return ensemble_parts(config, wildcards.set)
    return [f"{wildcards.model}_{wildcards.set}"]


def shown_ensemble(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of what the shown ensemble consists of."""
    return ensemble_parts(config, config.rewards.shown)


def shown_models(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of what was made for the figures: single model, features, ensemble."""
    shown = config.rewards.shown
    features = [] if config.rewards.ensemble.kind == "independent" else [f"features_{shown}"]
    return [f"reward_model_{shown}", *features, *ensemble_parts(config, shown)]


def full_tuning(config: Settings, wildcards: Any) -> RewardModelSettings:
    """Return how the single model is trained to the end of its schedule."""
    return config.rewards.model.model_copy(update={"stop_loss": 0.0})


def groups_of_causes(config: Settings, wildcards: Any) -> list[str]:
    """Return the groups of models and heads that differ in one thing at a time."""
    return [str(number) for number in range(config.causes.groups)]


def reward_sets(config: Settings, wildcards: Any) -> list[str]:
    """Return the sets that have reward models of their own."""
    return list(config.rewards.sets)


def read_sets(config: Settings, wildcards: Any) -> list[str]:
    """Return the sets that any reward model is trained on."""
    every = [*config.rewards.sets, *config.aggregation.properties, config.policies.preferences]
    return list(dict.fromkeys(every))


def is_sampled(config: Settings, wildcards: Any) -> bool:
    """Return whether a pool is of sampled responses, rather than of held-out pairs."""
    return wildcards.source == "sampled"


def properties(config: Settings, wildcards: Any) -> list[str]:
    """Return the properties whose rewards are combined."""
    return list(config.aggregation.properties)


def pool_responses(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of the responses that a pool is made of: sampled, or of every property."""
    if is_sampled(config, wildcards):
        return ["pool_evaluation"]
    return [f"heldout_{name}" for name in config.aggregation.properties]


def rewarded(config: Settings, wildcards: Any) -> list[str]:
    """Return the properties whose transformed rewards an experiment's policies are trained on."""
    row = config.policies.experiments.get(wildcards.experiment)
    return [] if row is None else list(row.rewards)


def references(config: Settings, wildcards: Any) -> dict[str, str]:
    """Return by property what its rewards in an experiment refer to."""
    row = config.policies.experiments.get(wildcards.experiment)
    return {} if row is None else {name: part.reference for name, part in row.rewards.items()}


def of_rewarded(pattern: str):
    """Return a function that fills in the properties of an experiment; it may have none."""

    def names(config: Settings, wildcards: Any) -> list[str]:
        return [pattern.format(set=name, **wildcards) for name in rewarded(config, wildcards)]

    return names


def policy_prompts(config: Settings, wildcards: Any) -> list[str]:
    """Return the name of the prompts that policies are trained and judged on."""
    name = config.policies.prompts
    return [f"{name}_chosen" if rewarded(config, wildcards) else name]


def policy_ensembles(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of the ensembles that policies are trained against."""
    if not is_trained(config, wildcards):
        return []
    drawn = f"drawn_{wildcards.experiment}"
    return of_rewarded(drawn + "_of_{set}")(config, wildcards) or [drawn]


def single_experiments(config: Settings, wildcards: Any) -> list[str]:
    """Return the experiments on one transformed reward each, of an extended item further ones."""
    return [*config.transforming.single, *_further(config, wildcards, several=False)]


def combined_experiments(config: Settings, wildcards: Any) -> list[str]:
    """Return the experiments on several transformed rewards, of an extended item further ones."""
    return [*config.transforming.combined, *_further(config, wildcards, several=True)]


def claimed_experiments(config: Settings, wildcards: Any) -> list[str]:
    """Return the experiments on several transformed rewards that claims are decided by."""
    return list(config.transforming.combined)


def _further(config: Settings, wildcards: Any, several: bool) -> list[str]:
    """Return what an extended item has beyond: experiments on several rewards, or on one."""
    if not getattr(wildcards, "item", "").endswith("_extended"):
        return []
    rows = config.policies.experiments
    return [
        name for name in config.extended.transforming if (len(rows[name].rewards) > 1) == several
    ]


def all_transformed(config: Settings, wildcards: Any) -> list[str]:
    """Return the experiments on transformed rewards, those on one first."""
    return [*config.transforming.single, *config.transforming.combined]


def references_of_transformed(config: Settings, wildcards: Any) -> dict[str, list[str]]:
    """Return by experiment on transformed rewards what these refer to."""
    rows = config.policies.experiments
    return {
        name: [reward.reference for reward in rows[name].rewards.values()]
        for name in all_transformed(config, wildcards)
    }


def curved_experiments(config: Settings, wildcards: Any) -> list[str]:
    """Return the experiments of a figure of win rates."""
    if wildcards.item.startswith("combined"):
        return combined_experiments(config, wildcards)
    return single_experiments(config, wildcards)


def properties_of_curves(config: Settings, wildcards: Any) -> list[tuple[str, list[str]]]:
    """Return for each experiment of a figure of win rates what it is shown as, and its properties.

    An experiment that is like another adds methods to it.
    """
    rows = config.policies.experiments
    names = curved_experiments(config, wildcards)
    return [(rows[name].like or name, list(rows[name].rewards)) for name in names]


def utility_references(config: Settings, wildcards: Any) -> dict[str, str]:
    """Return by property what rewards refer to in the first experiment on several of them."""
    rewards = config.policies.experiments[config.transforming.combined[0]].rewards
    return {name: reward.reference for name, reward in rewards.items()}


def utility_properties(config: Settings, wildcards: Any) -> list[str]:
    """Return the properties of that experiment."""
    return list(utility_references(config, wildcards))


def utility_ensembles(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of the ensembles of that experiment, by property."""
    name = config.transforming.combined[0]
    return [f"drawn_{name}_of_{part}" for part in utility_properties(config, wildcards)]


def policy_coefficients(config: Settings, wildcards: Any) -> list[str]:
    """Return the name of the file with a method's KL coefficients."""
    if not is_trained(config, wildcards):
        return []
    matched = f"matched_{wildcards.experiment}"
    return [matched if rewarded(config, wildcards) else wildcards.method]


def policy_evaluation(config: Settings, wildcards: Any) -> PolicyEvaluationSettings:
    """Return how policies of an experiment are judged."""
    if not rewarded(config, wildcards):
        return config.policies.evaluation
    chapter = config.transforming
    return PolicyEvaluationSettings(prompts=chapter.evaluation_prompts, samples=chapter.responses)


def factors(config: Settings, wildcards: Any) -> list[float]:
    """Return the factors that one job trains policies at."""
    return factors_of(config.policies.experiments[wildcards.experiment], wildcards.factor)


def transform(config: Settings, wildcards: Any) -> str:
    """Return the transformation of a method by name."""
    return config.policies.methods[wildcards.method].transform


def combine(config: Settings, wildcards: Any) -> str:
    """Return the combination of a method by name."""
    return config.policies.methods[wildcards.method].combine


def paired_with(config: Settings, wildcards: Any) -> str:
    """Return the experiment whose prompts and sampling noise an experiment's policies have."""
    row = config.policies.experiments.get(wildcards.experiment)
    return (row and row.like) or wildcards.experiment


def found_methods(config: Settings, wildcards: Any) -> dict[str, Any]:
    """Return the methods of an experiment that have fixed points, whether policies are trained."""
    rows = config.policies.methods
    experiment = config.policies.experiments[wildcards.experiment]
    names = (*experiment.methods, *experiment.traced)
    return {name: rows[name].model_dump(mode="json") for name in names if rows[name].penalty}


def searched_at(config: Settings, wildcards: Any) -> float | None:
    """Return the divergence that weights are searched at; none: no method's are."""
    methods = found_methods(config, wildcards).values()
    return config.transforming.at if any(row["weights"] == "search" for row in methods) else None


def divergences(config: Settings, wildcards: Any) -> list[float]:
    """Return the divergences whose coefficients an experiment's methods take."""
    return list(config.policies.experiments[wildcards.experiment].divergences)


def heads_of_experiment(config: Settings, wildcards: Any) -> int:
    """Return how many heads of each ensemble an experiment trains policies against."""
    row = config.policies.experiments[wildcards.experiment]
    return min(row.heads or config.policies.ensemble.heads, config.policies.ensemble.heads)


def drawn_of_property(config: Settings, wildcards: Any) -> list[str]:
    """Return the names that the seeds of a property's ensembles derive from."""
    names = ensembles_of(config.policies, wildcards.experiment)
    return [f"{name}-{wildcards.set}" for name in names]


def reference_samples(config: Settings, wildcards: Any) -> SamplingSettings:
    """Return how the samples of one split are drawn that rewards refer to."""
    length = config.policies.ppo.response_tokens
    return reference_sampling(config.transforming, wildcards.split, length, config.sampling_batch)


def is_trained(config: Settings, wildcards: Any) -> bool:
    """Return whether a method trains policies: the base model's does not."""
    return config.policies.methods[wildcards.method].penalty is not None


def jobs_of(*experiments: str, trained: bool = False):
    """Return a function that gives the folders of the jobs of experiments.

    experiments: none means the one that is asked for; trained: leave out the base model's job.
    """

    def names(config: Settings, wildcards: Any) -> list[str]:
        return [
            f"{name}/{job.method}/{job.factor}/{job.batch}"
            for name in experiments or [wildcards.experiment]
            for job in runs_of(config.policies, name)
            if not trained or config.policies.methods[job.method].penalty is not None
        ]

    return names


def searches_a_coefficient(config: Settings) -> bool:
    """Return whether the coefficient of a method of Figure 7 is searched, not set."""
    names = contrasted_methods(config, None)
    return any(config.policies.methods[name].beta == "search" for name in names)


def contrasted_methods(config: Settings, wildcards: Any) -> list[str]:
    """Return the two methods that Figures 7 to 12 set against each other."""
    return [VANILLA, config.policies.variance_aware]


def draws_chosen_pairs(config: Settings, wildcards: Any) -> bool:
    """Return whether an experiment's heads are fitted to the number of pairs that was chosen."""
    return config.policies.chosen_pairs is not None and wildcards.experiment != NOISE


def candidates(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of the heads among which the number of pairs is chosen."""
    return list(config.policies.chosen_pairs.candidates)


def candidate_pairs(config: Settings, wildcards: Any) -> list[int | None]:
    """Return the numbers of pairs that there are to choose from; none: all."""
    return [config.regimes.heads[name].pairs for name in config.policies.chosen_pairs.candidates]


def exponents(config: Settings, wildcards: Any) -> dict[str, float]:
    """Return the exponent of sigma of the two methods that are set against each other."""
    found = {
        name: config.policies.methods[name].parameters
        for name in contrasted_methods(config, wildcards)
    }
    return {name: parameters.get("exponent", 0.0) for name, parameters in found.items()}


def inheriting_experiments(config: Settings, wildcards: Any) -> list[str]:
    """Return the experiments whose policies stand beside their fixed points in an item."""
    varied = wildcards.item == "inheritance_causes"
    return ["fig12", *(config.extended.inheritance if varied else ())]


def drawn_ensembles(config: Settings, wildcards: Any) -> list[str]:
    """Return the names that the seeds of an experiment's ensembles derive from."""
    return ensembles_of(config.policies, wildcards.experiment)


def penalty(config: Settings, wildcards: Any) -> str | None:
    """Return the penalty of a method by name."""
    return config.policies.methods[wildcards.method].penalty


def parameters(config: Settings, wildcards: Any) -> dict[str, float]:
    """Return the parameters of a method's penalty."""
    return config.policies.methods[wildcards.method].parameters


def ppo(config: Settings, wildcards: Any) -> PPOSettings:
    """Return the settings of PPO in an experiment, by one method."""
    return config.policies.ppo_of(wildcards.experiment, wildcards.method)


def searched_ppo(config: Settings, wildcards: Any) -> PPOSettings:
    """Return the settings of PPO that a method's coefficient is searched with."""
    return config.policies.ppo_of(method=wildcards.method)


def policies_of_job(config: Settings, wildcards: Any) -> list[Policy]:
    """Return the policies that one job trains."""
    jobs = batches_of(config.policies, wildcards.experiment, wildcards.method)
    return jobs[int(wildcards.batch)]


def pair_samples(config: Settings, wildcards: Any) -> SamplingSettings:
    """Return how pairs of one split are sampled."""
    return pair_sampling(config.world_preferences, wildcards.split)


def pool_samples(config: Settings, wildcards: Any) -> SamplingSettings:
    """Return how the pool of one split is sampled."""
    return pool_sampling(config.aggregation.pool, wildcards.split, config.sampling_batch)


def base_samples(config: Settings, wildcards: Any) -> SamplingSettings:
    """Return how the samples are drawn that fixed points are weights of."""
    length = config.policies.ppo.response_tokens
    return base_sampling(config.regimes, length, config.sampling_batch)


def regimes(config: Settings, wildcards: Any) -> list[str]:
    """Return the names of the kinds of heads that regimes are told apart by."""
    return list(config.regimes.heads)


def dialect_values(config: Settings, wildcards: Any) -> list[str]:
    """Return the dialect's values by which samples are judged: the world's own among them."""
    return list(dict.fromkeys([config.world.dialect.value, "equal", "worse"]))


def preferences_of_policies(config: Settings, wildcards: Any) -> str:
    """Return the set of preferences that policies are trained and judged by."""
    return config.policies.preferences


def combining(config: Settings, wildcards: Any) -> CombiningSettings:
    """Return how the rewards of the pool are combined."""
    return config.aggregation.combining(judged=config.policies.judge != "generative")


def nested_experiments(config: Settings, wildcards: Any) -> dict[str, bool]:
    """Return by experiment whether its policies are alike within fresh ensembles."""
    return {name: is_nested(row) for name, row in config.policies.experiments.items()}


def shown_set(config: Settings, wildcards: Any) -> str:
    """Return the set of preferences whose reward models are shown."""
    return config.rewards.shown


def first_combined(config: Settings, wildcards: Any) -> str:
    """Return the first experiment on several transformed rewards."""
    return config.transforming.combined[0]


def jobs_of_combined(config: Settings, wildcards: Any) -> list[str]:
    """Return the folders of the jobs of that experiment."""
    return jobs_of(first_combined(config, wildcards))(config, wildcards)
