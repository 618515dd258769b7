"""The embedded world: its language model, prompts, preferences and benchmark."""

from rewardlab import inputs


use rule job as train_world_model with:
    """The embedded world's base language model."""
    output:
        model=directory("<results>/models/world"),
        manifest="<results>/models/world.json",
        provenance="<results>/models/world_provenance.json",
    log:
        "<logs>/train_world_model.log",
    params:
        **stage(
            "world.train_language_model",
            settings={"world": "world", "settings": "world_model"},
            seed=["train_world_model"],
        ),


use rule job as list_world_prompts with:
    """Every prompt of the embedded world, its split and its gold baselines."""
    output:
        **recorded(prompts="<results>/prompts/world.parquet"),
    log:
        "<logs>/list_world_prompts.log",
    params:
        **stage("world.list_prompts", settings="world"),


use rule job as sample_world_pairs with:
    """Pairs of the base model's responses, before anybody has compared them."""
    input:
        model="<results>/models/world.json",
        prompts="<results>/prompts/world.parquet",
    output:
        **recorded(responses="<results>/responses/pairs_{split}.parquet"),
    log:
        "<logs>/sample_world_pairs_{split}.log",
    params:
        **stage(
            "data.sample_responses",
            settings=inputs.pair_samples,
            seed=["sample_world_pairs", "{split}"],
        ),


use rule job as label_world_preferences with:
    """The preference sets of the embedded world, labelled from its gold rewards."""
    input:
        responses="<results>/responses/pairs_train.parquet",
    output:
        preferences=[f"<results>/preferences/{name}.parquet" for name in EMBEDDED_PREFERENCES],
        provenance=[f"<results>/preferences/{name}.json" for name in EMBEDDED_PREFERENCES],
    log:
        "<logs>/label_world_preferences.log",
    params:
        **stage(
            "world.label_preferences",
            settings={
                "world": "world",
                "settings": "world_preferences",
                "splits": "data.splits",
            },
            sets=seeds_of("label_world_preferences", lambda *_: EMBEDDED_PREFERENCES),
        ),


use rule job as tabulate_world with:
    """The overview's table: samples, what they are worth, and what preferences cover."""
    input:
        responses="<results>/responses/pairs_train.parquet",
        preferences="<results>/preferences/overall.parquet",
    output:
        **table("world/overview"),
    log:
        "<logs>/tabulate_world.log",
    params:
        **stage("world.describe", settings="world"),


use rule figure as draw_world_overview with:
    """The embedded world: sample texts, gold rewards, coverage."""
    pathvars:
        item="world/overview",
    params:
        **figure("world.overview", "The embedded world", "Overview"),


use rule job as build_world_benchmark with:
    """The world's benchmark: responses to evaluation prompts of four kinds, judged by gold."""
    input:
        samples="<results>/responses/pairs_evaluation.parquet",
    output:
        **recorded(responses="<results>/responses/world.parquet"),
    log:
        "<logs>/build_world_benchmark.log",
    params:
        **stage("world.build_benchmark", settings="world"),


use rule job as score_by_gold with:
    """The embedded world's gold rewards of listed responses."""
    input:
        responses="<results>/responses/{responses}.parquet",
    output:
        **recorded(scores="<results>/scores/{responses}_by_gold.parquet"),
    log:
        "<logs>/score_by_gold_{responses}.log",
    params:
        **stage("world.score_by_gold", settings="world"),
