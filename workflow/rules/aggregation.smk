"""Combining the rewards of several properties: best-of-k from a pool of responses."""

from rewardlab import inputs, judge_inputs

SAMPLED = SETTINGS.aggregation.source == "sampled"


use rule job as sample_pool with:
    """Responses of the base model to many prompts, drawn once and chosen from often."""
    input:
        model=LANGUAGE_MODEL,
        prompts=RUNS.path("<results>/prompts/{config.aggregation.pool.prompts}.parquet"),
    output:
        **recorded(responses="<results>/responses/pool_{split}.parquet"),
    log:
        "<logs>/sample_pool_{split}.log",
    params:
        **stage(
            "data.sample_responses", settings=inputs.pool_samples, seed=["sample_pool", "{split}"]
        ),


use rule job as predict_quantiles with:
    """Quantiles of the evaluation prompts' rewards, predicted from the prompts alone."""
    input:
        model="<results>/models/reward_model_{set}.json",
        train="<results>/scores/pool_train_by_reward_model_{set}.parquet",
        evaluation="<results>/scores/pool_evaluation_by_reward_model_{set}.parquet",
    output:
        **recorded(references="<results>/references/{set}.parquet"),
    log:
        "<logs>/predict_quantiles_{set}.log",
    params:
        **stage(
            "aggregation.predict_quantiles",
            settings={
                "settings": "rewards.features",
                "max_length": "rewards.max_length",
                "quantiles": "aggregation.quantiles",
                "penalty": "aggregation.penalty",
            },
        ),


use rule job as gather_pool with:
    """The pool with its rewards, references and judgements side by side."""
    input:
        scores=RUNS.paths(
            "<results>/scores/{responses}_by_reward_model_{name}.parquet",
            responses=inputs.pool_responses,
            name=inputs.properties,
        ),
        gold=RUNS.paths(
            "<results>/scores/pool_evaluation_by_{judge}.parquet",
            when=judge_inputs.is_pool_judged,
            judge=judge_inputs.judged_by,
        ),
        references=RUNS.paths(
            "<results>/references/{name}.parquet", when=inputs.is_sampled, name=inputs.properties
        ),
    output:
        **recorded(pool="<results>/pools/{source}.parquet"),
    log:
        "<logs>/gather_pool_{source}.log",
    wildcard_constraints:
        source="sampled|heldout",
    params:
        **stage("aggregation.gather_pool", settings={"properties": "aggregation.properties"}),


use rule job as combine_rewards with:
    """Win rates of best-of-k by every combination and reference, exact over all subsets."""
    input:
        pool=RUNS.path("<results>/pools/{config.aggregation.source}.parquet"),
    output:
        win_rates="<results>/win_rates/summary.csv",
        by_prompt="<results>/win_rates/by_prompt.parquet",
        selections="<results>/win_rates/selections.csv",
        provenance="<results>/win_rates/summary.json",
    log:
        "<logs>/combine_rewards.log",
    params:
        **stage("aggregation.combine_rewards", settings=inputs.combining),


use rule job as tabulate_win_rates with:
    """The tables of Figure 1 and of win rates against k."""
    input:
        win_rates="<results>/win_rates/summary.csv",
    output:
        **tables("aggregation", fig1="fig1", by_k="by_k"),
    log:
        "<logs>/tabulate_win_rates.log",
    params:
        **stage("aggregation.tabulate_win_rates", settings="aggregation"),


use rule figure as draw_aggregation_fig1 with:
    """Aggregation Figure 1: AND and OR win rates of seven methods."""
    pathvars:
        item="aggregation/fig1",
    params:
        **figure("aggregation.win_rate_bars", AGGREGATION, "Figure 1"),


use rule figure as draw_aggregation_by_k with:
    """Win rates of all combinations against k."""
    pathvars:
        item="aggregation/by_k",
    params:
        **figure("aggregation.win_rates_by_k", AGGREGATION, "Win rate by k"),


use rule job as check_aggregation_theorems with:
    """Theorems 2.1 and 3.1 against models of the labels that they speak of."""
    input:
        trunk=REWARD_TRUNK,
        train="<results>/responses/pool_train.parquet",
        evaluation="<results>/responses/pool_evaluation.parquet",
        pool="<results>/pools/sampled.parquet",
    output:
        **table("aggregation/theorem"),
        claims="<results>/claims/aggregation_theorem.csv",
    log:
        "<logs>/check_aggregation_theorems.log",
    params:
        **stage(
            "aggregation.check_theorems",
            settings={
                "world": "world",
                "settings": "aggregation.pointwise",
                "features": "rewards.features",
                "max_length": "rewards.max_length",
            },
            properties=inputs.properties,
            resamples=lambda config, wildcards: config.aggregation.resamples,
            seed=["check_aggregation_theorems"],
        ),


use rule figure as draw_aggregation_theorem with:
    """Theorems 2.1 and 3.1: combined and centred logits against directly learned ones."""
    pathvars:
        item="aggregation/theorem",
    params:
        **figure("aggregation.theorems", AGGREGATION, "Theorems 2.1 and 3.1", SAMPLED and GOLD),


use rule job as tabulate_judge with:
    """What only a sampled pool has: the judge's win rates, and the references of every prompt."""
    input:
        win_rates="<results>/win_rates/summary.csv",
        pool="<results>/pools/sampled.parquet",
    output:
        **tables("aggregation", judge="judge", reference="reference"),
    log:
        "<logs>/tabulate_judge.log",
    params:
        **stage("aggregation.tabulate_judge", settings="aggregation"),


use rule figure as draw_aggregation_judge with:
    """Aggregation Figure 1, scored by the judge as well."""
    pathvars:
        item="aggregation/judge",
    params:
        **figure(
            "aggregation.win_rate_bars", AGGREGATION, "Figure 1 by the judge", SAMPLED and RANKED
        ),


use rule figure as draw_aggregation_reference with:
    """Predicted against oracle medians."""
    pathvars:
        item="aggregation/reference",
    params:
        **figure("aggregation.references", AGGREGATION, "Reference rewards", SAMPLED),
