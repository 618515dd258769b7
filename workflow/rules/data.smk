"""Preferences, prompts, models and the benchmark, wherever they come from."""

from rewardlab import inputs

LANGUAGE_MODEL = inputs.model_of(SETTINGS, "language_model")
REWARD_TRUNK = inputs.model_of(SETTINGS, "reward_trunk")
EMBEDDED_PREFERENCES = [
    name for name, source in SETTINGS.data.preferences.items() if source == "embedded"
]
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


use rule job as fetch_model with:
    """The manifest of a model that is not the embedded world's."""
    input:
        RUNS.paths("{file}", file=inputs.local_copy("data.{name}")),
    output:
        manifest="<results>/models/{name}.json",
        provenance="<results>/models/{name}_provenance.json",
    log:
        "<logs>/fetch_model_{name}.log",
    wildcard_constraints:
        name="language_model|reward_trunk",
    retries: 2
    params:
        **stage("data.fetch_model", settings="data.{name}", key="data.{name}"),


use rule job as read_preferences with:
    """A preference set from its source."""
    input:
        RUNS.paths("{file}", file=inputs.local_copy("data.preferences.{name}")),
    output:
        **recorded(preferences="<results>/preferences/{name}.parquet"),
    log:
        "<logs>/read_preferences_{name}.log",
    wildcard_constraints:
        name=one_of(set(SETTINGS.data.preferences) - set(EMBEDDED_PREFERENCES)),
    params:
        **stage(
            "data.read_preferences",
            settings={"settings": "data.preferences.{name}", "splits": "data.splits"},
            key="data.preferences.{name}",
        ),


use rule job as read_prompts with:
    """A prompt set cut from the texts of its source."""
    input:
        RUNS.paths("{file}", file=inputs.local_copy("data.prompts.{name}.source")),
        model=LANGUAGE_MODEL,
    output:
        **recorded(prompts="<results>/prompts/{name}.parquet"),
    log:
        "<logs>/read_prompts_{name}.log",
    wildcard_constraints:
        name=one_of(set(SETTINGS.data.prompts) - {"world"}),
    params:
        **stage(
            "data.read_prompts",
            settings="data.prompts.{name}",
            seed=["read_prompts", "{name}"],
            key="data.prompts.{name}",
        ),


use rule job as read_benchmark with:
    """The benchmark's responses, where it is not the embedded world's."""
    input:
        RUNS.paths("{file}", file=inputs.local_copy("data.benchmark")),
    output:
        **recorded(responses="<results>/responses/benchmark.parquet"),
    log:
        "<logs>/read_benchmark.log",
    params:
        **stage("data.read_benchmark", settings="data.benchmark"),
