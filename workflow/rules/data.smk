"""Preferences, prompts, models and the benchmark, wherever they come from."""

from rewardlab import inputs

LANGUAGE_MODEL = inputs.model_of(SETTINGS, "language_model")
REWARD_TRUNK = inputs.model_of(SETTINGS, "reward_trunk")
EMBEDDED_PREFERENCES = [
    name for name, source in SETTINGS.data.preferences.items() if source == "embedded"
]
# Gold rewards and fixed points by them are the embedded world's; policies need a judge of any kind.
EMBEDDED_WORLD = (
    SETTINGS.data.language_model == "embedded"
    and SETTINGS.policies.preferences in EMBEDDED_PREFERENCES
)
POLICIES = EMBEDDED_WORLD or SETTINGS.policies.judge != "gold"
GOLD = EMBEDDED_WORLD and SETTINGS.policies.judge == "gold"
# A judge in words compares two responses: nothing ranks them among many, as a number for each would.
RANKED = POLICIES and SETTINGS.policies.judge != "generative"
SPLITS = ["train", "evaluation"]
BENCHMARK = "world" if SETTINGS.data.benchmark == "embedded" else "benchmark"


rule preferences:
    """All preference sets of the configuration, as prompt, chosen and rejected."""
    input:
        [
            f"results/{SETTINGS.scale}/preferences/{name}.parquet"
            for name in SETTINGS.data.preferences
        ],


rule prompts:
    """All prompt sets of the configuration."""
    input:
        [f"results/{SETTINGS.scale}/prompts/{name}.parquet" for name in SETTINGS.data.prompts],


rule fetch:
    """All files that these settings need, so that everything else runs with HF_HUB_OFFLINE=1."""
    input:
        [f"results/{SETTINGS.scale}/sources/{key}.json" for key in SETTINGS.data.sources()],


rule verify:
    """Check that all artefacts are what they were when they were made."""
    log:
        f"logs/{SETTINGS.scale}/verify.log",
    conda:
        ENVIRONMENT
    params:
        **stage("results.verify", recorded=[f"results/{name}/hashes" for name in RUNS.runs]),
    shell:
        COMMAND


rule pin:
    """Look up revisions that are null on the hub, and write them to pins.yaml."""
    log:
        f"logs/{SETTINGS.scale}/pin.log",
    conda:
        ENVIRONMENT
    params:
        **stage(
            "data.pin",
            sources=lambda config, wildcards: {
                key: source.model_dump(mode="json", include={"hub", "revision", "path"})
                for key, source in config.data.sources().items()
            },
        ),
    shell:
        COMMAND


use rule job as fetch_source with:
    """The manifest of a source's files, which stands for them in all other rules."""
    output:
        manifest="<results>/sources/{source}.json",
        provenance="<results>/sources/{source}_provenance.json",
    log:
        "<logs>/fetch_source_{source}.log",
    wildcard_constraints:
        source=one_of(SETTINGS.data.sources()),
    retries: 2
    params:
        **stage(
            "data.fetch_source",
            settings=inputs.source_settings,
            kind=inputs.kind_of_source,
            key="data.{source}",
        ),
        local=RUNS.local_hash("{source}"),


use rule job as read_preferences with:
    """A preference set from its source."""
    input:
        source="<results>/sources/preferences.{name}.json",
    output:
        **recorded(preferences="<results>/preferences/{name}.parquet"),
    log:
        "<logs>/read_preferences_{name}.log",
    wildcard_constraints:
        name=one_of(set(SETTINGS.data.preferences) - set(EMBEDDED_PREFERENCES)),
    params:
        **stage(
            "data.read_preferences",
            settings={"splits": "data.splits"},
            columns=lambda config, wildcards: config.data.preferences[wildcards.name].columns,
            labels=inputs.labels,
            seed=["read_preferences", "{name}"],
        ),


use rule job as read_prompts with:
    """A prompt set from its source: as it stands, or cut in tokens of the language model."""
    input:
        source="<results>/sources/prompts.{name}.source.json",
        model=RUNS.paths("{model}", when=inputs.is_cut, model=inputs.base_language_model),
        evaluation=RUNS.paths("<results>/sources/{source}.json", source=inputs.own_evaluation),
    output:
        **recorded(prompts="<results>/prompts/{name}.parquet"),
    log:
        "<logs>/read_prompts_{name}.log",
    wildcard_constraints:
        name=one_of(set(SETTINGS.data.prompts) - {"world"}),
    params:
        **stage("data.read_prompts", settings=inputs.cutting, seed=["read_prompts", "{name}"]),


use rule job as pretrain_language_model with:
    """A GPT-2 of the workflow's own, on the texts of a source."""
    input:
        source="<results>/sources/language_model.pretrain_on.json",
    output:
        model=directory("<results>/models/pretrained"),
        manifest="<results>/models/pretrained.json",
        table="<results>/tables/data/pretraining.csv",
        provenance="<results>/models/pretrained_provenance.json",
    log:
        "<logs>/pretrain_language_model.log",
    resources:
        runtime=more(1440),
    params:
        **stage("data.pretrain", settings=inputs.pretraining, seed=["pretrain_language_model"]),


use rule job as tune_language_model with:
    """The language model after supervised fine-tuning, which policies start from."""
    input:
        model=inputs.base_model_of(SETTINGS, "language_model"),
        sources=RUNS.paths("<results>/sources/{name}.json", name=inputs.tuning_sources),
    output:
        tuned=directory("<results>/models/tuned"),
        manifest="<results>/models/tuned.json",
        measured="<results>/costs/tuned_measured.csv",
        provenance="<results>/models/tuned_provenance.json",
    log:
        "<logs>/tune_language_model.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "data.fine_tune",
            settings={"settings": "data.fine_tuning", "splits": "data.splits"},
            seed=["tune_language_model"],
        ),


use rule job as read_benchmark with:
    """The benchmark's responses, where it is not the embedded world's."""
    input:
        source="<results>/sources/benchmark.json",
    output:
        **recorded(responses="<results>/responses/benchmark.parquet"),
    log:
        "<logs>/read_benchmark.log",
    params:
        **stage("data.read_benchmark"),
