"""Transforming rewards: the log-sigmoid-centred reward in RLHF, of one property and of several."""

from rewardlab import inputs, judge_inputs

# Experiments on rewards of their own.
REWARDED = one_of(
    RUNS.every(
        lambda config: [name for name, row in config.policies.experiments.items() if row.rewards]
    )
)


use rule job as choose_prompts with:
    """The prompts that policies on transformed rewards are trained and judged on."""
    input:
        prompts="<results>/prompts/{prompts}.parquet",
    output:
        **recorded(chosen="<results>/prompts/{prompts}_chosen.parquet"),
    log:
        "<logs>/choose_{prompts}.log",
    wildcard_constraints:
        prompts=one_of(SETTINGS.data.prompts),
    params:
        **stage(
            "data.choose_prompts",
            settings={
                "training": "transforming.training_prompts",
                "evaluation": "transforming.evaluation_prompts",
            },
            seed=["choose_prompts"],
        ),


use rule job as sample_references with:
    """Samples of the base model to these prompts."""
    input:
        model=LANGUAGE_MODEL,
        prompts=RUNS.path("<results>/prompts/{config.policies.prompts}_chosen.parquet"),
    output:
        **recorded(responses="<results>/transforming/responses_{split}.parquet"),
    log:
        "<logs>/sample_references_{split}.log",
    params:
        **stage(
            "data.sample_responses",
            settings=inputs.reference_samples,
            seed=["sample_references", "{split}"],
        ),


use rule job as gather_reference_samples with:
    """The features of these samples, of their prompts and of the refusal, by a property's model."""
    input:
        model="<results>/models/reward_model_{set}.json",
        responses="<results>/transforming/responses_{split}.parquet",
        judges=RUNS.paths(
            "<results>/{name}.json", name=judge_inputs.models_of(judge_inputs.own_set)
        ),
    output:
        **recorded(samples="<results>/transforming/samples_{split}_{set}.safetensors"),
    log:
        "<logs>/gather_reference_samples_{split}_{set}.log",
    params:
        **stage(
            "transforming.gather_samples",
            settings={
                "settings": "rewards.features",
                "max_length": "rewards.max_length",
                "judge": judge_inputs.judge,
            },
            judged_set=judge_inputs.judged_set,
        ),


use rule job as match_divergences with:
    """KL coefficients of an experiment's methods, and weights of its properties, without training."""
    input:
        ensembles=RUNS.paths(
            "<results>/models/{name}.json", name=inputs.of_rewarded("drawn_{experiment}_of_{set}")
        ),
        samples=RUNS.paths(
            "<results>/transforming/samples_train_{set}.safetensors", set=inputs.rewarded
        ),
    output:
        coefficients="<results>/betas/matched_{experiment}.json",
        provenance="<results>/betas/matched_{experiment}_provenance.json",
    log:
        "<logs>/match_divergences_{experiment}.log",
    wildcard_constraints:
        experiment=REWARDED,
    params:
        **stage(
            "transforming.match_divergences",
            methods=inputs.found_methods,
            at=inputs.searched_at,
            references=inputs.references,
            divergences=inputs.divergences,
            heads=inputs.heads_of_experiment,
        ),


use rule job as judge_transformed with:
    """An experiment's policies on transformed rewards by prompt: where they stand in the base."""
    input:
        responses=RUNS.paths(
            "<results>/policies/{job}/{table}.parquet",
            job=inputs.jobs_of(),
            table=judge_inputs.ranked_table,
        ),
        ended=RUNS.paths("<results>/policies/{job}/ended.parquet", job=inputs.jobs_of()),
        ensembles=RUNS.paths(
            "<results>/models/{name}.json", name=inputs.of_rewarded("drawn_{experiment}_of_{set}")
        ),
        samples=RUNS.paths(
            "<results>/transforming/samples_evaluation_{set}.safetensors", set=inputs.rewarded
        ),
        texts="<results>/transforming/responses_evaluation.parquet",
    output:
        **recorded(table="<results>/transforming/policies_{experiment}.parquet"),
    log:
        "<logs>/judge_transformed_{experiment}.log",
    wildcard_constraints:
        experiment=REWARDED,
    params:
        **stage(
            "transforming.judge",
            settings={"world": judge_inputs.gold_world},
            properties=inputs.rewarded,
        ),


use rule job as trace_transformed with:
    """Fixed points of an experiment's methods against many heads, over paths of coefficients."""
    input:
        features=RUNS.paths("<results>/features/{set}.safetensors", set=inputs.rewarded),
        learnt=RUNS.paths(
            "<results>/transforming/samples_train_{set}.safetensors", set=inputs.rewarded
        ),
        samples=RUNS.paths(
            "<results>/transforming/samples_evaluation_{set}.safetensors", set=inputs.rewarded
        ),
        texts="<results>/transforming/responses_evaluation.parquet",
        coefficients="<results>/betas/matched_{experiment}.json",
    output:
        **recorded(paths="<results>/transforming/exact_{experiment}.parquet"),
    log:
        "<logs>/trace_transformed_{experiment}.log",
    wildcard_constraints:
        experiment=REWARDED,
    params:
        **stage(
            "transforming.trace",
            settings={
                "ensemble": "policies.ensemble",
                "others": "transforming.references",
                "draws": "transforming.ensembles",
                "points": "transforming.coefficients",
                "k": "transforming.k",
            },
            methods=inputs.found_methods,
            references=inputs.references,
            divergences=inputs.divergences,
            seed=["trace_transformed"],
        ),


use rule job as tabulate_transforming_utility with:
    """The transformations over the base model's rewards, and what the sum of them says."""
    input:
        ensembles=RUNS.paths("<results>/models/{name}.json", name=inputs.utility_ensembles),
        samples=RUNS.paths(
            "<results>/transforming/samples_evaluation_{set}.safetensors",
            set=inputs.utility_properties,
        ),
    output:
        **table("transforming/utility"),
        claims="<results>/claims/transforming_utility.csv",
    log:
        "<logs>/tabulate_transforming_utility.log",
    params:
        **stage("transforming.tabulate_utility", references=inputs.utility_references),


use rule figure as draw_transforming_utility with:
    """What a unit of reward is worth, and the rewards that the base model's responses have."""
    pathvars:
        item="transforming/utility",
    params:
        **figure("transforming.utility", TRANSFORMING, "Utility", RANKED),


use rule job as tabulate_transforming_curves with:
    """Win rates against the divergence, of one reward or of several."""
    input:
        policies=RUNS.paths(
            "<results>/transforming/policies_{name}.parquet", name=inputs.curved_experiments
        ),
        exact=RUNS.paths(
            "<results>/transforming/exact_{name}.parquet", name=inputs.curved_experiments
        ),
    output:
        **table("transforming/{item}"),
    log:
        "<logs>/tabulate_transforming_{item}.log",
    wildcard_constraints:
        item="(win_rate|combined)(_extended)?",
    params:
        **stage(
            "transforming.tabulate_curves",
            settings={"at": "transforming.at"},
            experiments=inputs.properties_of_curves,
        ),


use rule figure as draw_transforming_win_rate with:
    """Win rates of policies on one reward, raw and transformed."""
    pathvars:
        item="transforming/win_rate",
    params:
        **figure("transforming.win_rates", TRANSFORMING, "Win rates, one reward", RANKED),


use rule figure as draw_transforming_win_rate_extended with:
    """The same with further rewards."""
    pathvars:
        item="transforming/win_rate_extended",
    params:
        **figure(
            "transforming.win_rates",
            TRANSFORMING,
            "Win rates, further rewards",
            when=RANKED and bool(SETTINGS.extended.transforming),
            extended=True,
        ),


use rule figure as draw_transforming_combined with:
    """Win rates of policies on several rewards, by how they are combined."""
    pathvars:
        item="transforming/combined",
    params:
        **figure("transforming.win_rates", TRANSFORMING, "Win rates, rewards combined", RANKED),


use rule figure as draw_transforming_combined_extended with:
    """The same with further ways to combine them trained."""
    pathvars:
        item="transforming/combined_extended",
    params:
        **figure(
            "transforming.win_rates",
            TRANSFORMING,
            "Win rates, further combinations",
            when=RANKED and bool(SETTINGS.extended.transforming),
            extended=True,
        ),


use rule job as tabulate_transforming_uniform with:
    """How uniform improvement is over prompts."""
    input:
        policies=RUNS.paths(
            "<results>/transforming/policies_{name}.parquet", name=inputs.single_experiments
        ),
        exact=RUNS.paths(
            "<results>/transforming/exact_{name}.parquet", name=inputs.single_experiments
        ),
    output:
        **table("transforming/{item}"),
    log:
        "<logs>/tabulate_transforming_{item}.log",
    wildcard_constraints:
        item="uniform|uniform_extended",
    params:
        **stage(
            "transforming.tabulate_uniform",
            settings={"at": "transforming.at"},
            experiments=inputs.single_experiments,
        ),


use rule figure as draw_transforming_uniform with:
    """How uniform improvement is over prompts, with raw and with transformed rewards."""
    pathvars:
        item="transforming/uniform",
    params:
        **figure("transforming.uniform", TRANSFORMING, "Underfitting", RANKED),


use rule figure as draw_transforming_uniform_extended with:
    """The same with further rewards."""
    pathvars:
        item="transforming/uniform_extended",
    params:
        **figure(
            "transforming.uniform",
            TRANSFORMING,
            "Underfitting, further rewards",
            when=RANKED and bool(SETTINGS.extended.transforming),
            extended=True,
        ),


use rule job as tabulate_transforming_hacking with:
    """Gold and proxy rewards against the divergence, and what is exploited."""
    input:
        policies=RUNS.paths(
            "<results>/transforming/policies_{name}.parquet", name=inputs.all_transformed
        ),
        exact=RUNS.paths("<results>/transforming/exact_{name}.parquet", name=inputs.all_transformed),
    output:
        **table("transforming/hacking"),
    log:
        "<logs>/tabulate_transforming_hacking.log",
    params:
        **stage("transforming.tabulate_hacking", experiments=inputs.all_transformed),


use rule figure as draw_transforming_hacking with:
    """Reward hacking with raw and with transformed rewards."""
    pathvars:
        item="transforming/hacking",
    params:
        **figure("transforming.hacking", TRANSFORMING, "Reward hacking", RANKED),


use rule job as tabulate_transforming_reference with:
    """What the LSC-transformation wins by its reference."""
    input:
        exact=RUNS.paths("<results>/transforming/exact_{name}.parquet", name=inputs.all_transformed),
    output:
        **table("transforming/reference"),
    log:
        "<logs>/tabulate_transforming_reference.log",
    params:
        **stage(
            "transforming.tabulate_reference",
            settings={"at": "transforming.at"},
            experiments=inputs.references_of_transformed,
        ),


use rule figure as draw_transforming_reference with:
    """How much hangs on the reference."""
    pathvars:
        item="transforming/reference",
    params:
        **figure("transforming.reference", TRANSFORMING, "References", RANKED),


rule transforming:
    """Every figure of Transforming and Combining Rewards, and the claims that they decide."""
    input:
        lambda wildcards: targets("all", TRANSFORMING),
        f"results/{SETTINGS.scale}/claims/transforming.csv" if RANKED else [],
