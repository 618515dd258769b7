"""Reward models: the single model, the ensemble of heads, and what they say of responses."""

from rewardlab import inputs, judge_inputs

BENCHMARK_BY_ENSEMBLE, BENCHMARK_BY_SINGLE, BENCHMARK_BY_FULL = (
    RUNS.path(f"<results>/scores/{BENCHMARK}_by_{model}_{{config.rewards.shown}}.parquet")
    for model in ("ensemble", "reward_model", "full_model")
)


use rule job as train_reward_model with:
    """The single reward model: the whole trunk and one logit."""
    input:
        trunk=RUNS.paths("{trunk}", trunk=inputs.trunk_of_set),
        preferences="<results>/preferences/{set}.parquet",
    output:
        **saved_model("reward_model_{set}"),
    log:
        "<logs>/train_reward_model_{set}.log",
    params:
        **stage(
            "rewards.train",
            settings={"settings": "rewards.model", "max_length": "rewards.max_length"},
            seed=["train_reward_model", "{set}"],
        ),


use rule train_reward_model as train_full_model with:
    """The same, not stopped early: what Figure 9 sets the heads against."""
    output:
        **saved_model("full_model_{set}"),
    log:
        "<logs>/train_full_model_{set}.log",
    params:
        **stage(
            "rewards.train",
            settings={"settings": inputs.full_tuning, "max_length": "rewards.max_length"},
            seed=["train_reward_model", "{set}"],
            name="fully tuned model",
        ),


use rule train_reward_model as train_judge_model with:
    """A reward model that judges policies: on the judge split, which nothing else is trained on."""
    output:
        **saved_model("judge_model_{set}"),
    log:
        "<logs>/train_judge_model_{set}.log",
    params:
        **stage(
            "rewards.train",
            settings={"settings": inputs.full_tuning, "max_length": "rewards.max_length"},
            seed=["train_judge_model", "{set}"],
            name="judge",
            split="judge",
        ),


use rule train_reward_model as train_member with:
    output:
        **saved_model("member_{set}_{member}"),
    log:
        "<logs>/train_member_{set}_{member}.log",
    wildcard_constraints:
        member=r"\d+",
    params:
        **stage(
            "rewards.train",
            settings={"settings": "rewards.model", "max_length": "rewards.max_length"},
            seed=["train_member", "{set}", "{member}"],
            name="ensemble of whole models",
        ),


use rule job as extract_features with:
    """The frozen trunk's features of every preference pair, once for all heads."""
    input:
        model="<results>/models/reward_model_{set}.json",
        preferences="<results>/preferences/{set}.parquet",
    output:
        features="<results>/features/{set}.safetensors",
        measured="<results>/costs/features_{set}_measured.csv",
        provenance="<results>/features/{set}.json",
    log:
        "<logs>/extract_features_{set}.log",
    params:
        **stage(
            "rewards.extract_features",
            settings={"settings": "rewards.features", "max_length": "rewards.max_length"},
        ),


use rule job as fit_heads with:
    """The ensemble: heads on the frozen trunk, saved as one model."""
    input:
        "<results>/features/{set}.json",
        model="<results>/models/reward_model_{set}.json",
        features="<results>/features/{set}.safetensors",
    output:
        **saved_model("ensemble_{set}", "ensemble"),
    log:
        "<logs>/fit_heads_{set}.log",
    params:
        **stage(
            "rewards.fit_heads",
            settings="rewards.ensemble",
            seeds=seeds_of("fit_heads", lambda config, wildcards: [wildcards.set]),
        ),


use rule job as list_heldout with:
    """Both responses of every held-out pair of a preference set."""
    input:
        preferences="<results>/preferences/{set}.parquet",
    output:
        **recorded(responses="<results>/responses/heldout_{set}.parquet"),
    log:
        "<logs>/list_heldout_{set}.log",
    params:
        **stage("data.list_heldout", name="{set}"),


use rule job as tabulate_judges with:
    """How often what judges policies agrees with held-out preferences."""
    input:
        RUNS.paths("{name}", name=judge_inputs.template),
        preferences=RUNS.paths(
            "<results>/preferences/{name}.parquet", name=judge_inputs.judged_sets
        ),
        models=RUNS.paths(
            "<results>/{name}.json", name=judge_inputs.models_of(judge_inputs.judged_sets)
        ),
    output:
        **table("rewards/judges"),
    log:
        "<logs>/tabulate_judges.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "rewards.tabulate_judges",
            settings={"judge": judge_inputs.judge},
            names=judge_inputs.judged_sets,
        ),


use rule figure as draw_rewards_judges with:
    """How often what judges policies agrees with held-out preferences."""
    pathvars:
        item="rewards/judges",
    params:
        **figure("book.bars", "Reward models", "Judges", SETTINGS.policies.judge != "gold"),


use rule job as judge_responses with:
    """What listed responses are worth by what judges policies, one for each property."""
    input:
        RUNS.paths("{name}", name=judge_inputs.template),
        responses="<results>/responses/{responses}.parquet",
        models=RUNS.paths("<results>/{name}.json", name=judge_inputs.models_of(inputs.properties)),
    output:
        **recorded(scores="<results>/scores/{responses}_by_judges.parquet"),
    log:
        "<logs>/judge_{responses}.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "rewards.judge",
            settings={"judge": judge_inputs.judge},
            properties=inputs.properties,
        ),


use rule job as score_responses with:
    """Rewards of listed responses, by the single model or by the ensemble of a set."""
    input:
        model=RUNS.paths("<results>/models/{name}.json", name=inputs.scoring_models),
        responses="<results>/responses/{responses}.parquet",
    output:
        **recorded(scores="<results>/scores/{responses}_by_{model}_{set}.parquet"),
    log:
        "<logs>/score_{responses}_by_{model}_{set}.log",
    wildcard_constraints:
        model="reward_model|full_model|ensemble",
    params:
        **stage(
            "rewards.score",
            settings={"settings": "rewards.features", "max_length": "rewards.max_length"},
        ),


use rule score_responses as score_benchmark with:
    """The same of the benchmark and of the held-out pairs of the shown set, in one job."""
    input:
        model=RUNS.paths("<results>/models/{name}.json", name=inputs.scoring_models),
        responses=[
            f"<results>/responses/{BENCHMARK}.parquet",
            "<results>/responses/heldout_{set}.parquet",
        ],
    output:
        scores=[
            f"<results>/scores/{BENCHMARK}_by_{{model}}_{{set}}.parquet",
            "<results>/scores/heldout_{set}_by_{model}_{set}.parquet",
        ],
        provenance="<results>/scores/benchmark_and_heldout_by_{model}_{set}.json",
    log:
        "<logs>/score_benchmark_by_{model}_{set}.log",
    wildcard_constraints:
        model="reward_model|full_model|ensemble",
        set=one_of(RUNS.every(lambda config: [config.rewards.shown])),


use rule score_responses as score_pool with:
    """The same of the sampled pool, both splits in one job."""
    input:
        model="<results>/models/reward_model_{set}.json",
        responses=expand("<results>/responses/pool_{split}.parquet", split=SPLITS),
    output:
        scores=expand("<results>/scores/pool_{split}_by_reward_model_{{set}}.parquet", split=SPLITS),
        provenance="<results>/scores/pool_by_reward_model_{set}.json",
    log:
        "<logs>/score_pool_by_reward_model_{set}.log",


ruleorder: score_pool > score_benchmark > score_responses


use rule job as tabulate_heldout with:
    """Held-out accuracy of every set's reward model and ensemble, beside two baselines."""
    input:
        preferences=RUNS.paths("<results>/preferences/{set}.parquet", set=inputs.reward_sets),
        single=RUNS.paths(
            "<results>/scores/heldout_{set}_by_reward_model_{set}.parquet", set=inputs.reward_sets
        ),
        ensemble=RUNS.paths(
            "<results>/scores/heldout_{set}_by_ensemble_{set}.parquet", set=inputs.reward_sets
        ),
    output:
        **table("rewards/heldout"),
    log:
        "<logs>/tabulate_heldout.log",
    params:
        **stage("rewards.tabulate_heldout", sets=seeds_of("tabulate_heldout", inputs.reward_sets)),


use rule figure as draw_rewards_heldout with:
    """Held-out accuracy of reward models and ensembles, beside two baselines."""
    pathvars:
        item="rewards/heldout",
    params:
        **figure("rewards.heldout", "Reward models", "Held-out accuracy"),


use rule job as tabulate_rewards_texts with:
    """What is lost of the preferences' texts before a reward model sees them."""
    input:
        trunk=REWARD_TRUNK,
        preferences=RUNS.paths("<results>/preferences/{set}.parquet", set=inputs.read_sets),
    output:
        table=report("<results>/tables/rewards/texts.csv", **ITEM),
        findings="<results>/tables/rewards/texts.rst",
        provenance="<results>/tables/rewards/texts.json",
    log:
        "<logs>/tabulate_rewards_texts.log",
    params:
        **shown("Reward models", "Texts that are read"),
        **stage(
            "rewards.tabulate_texts",
            settings={"max_length": "rewards.max_length"},
            sets=inputs.read_sets,
        ),


use rule job as tabulate_heads with:
    """The tables of Figures 1, 6 and 9: how much heads disagree, and how accurate they are."""
    input:
        ensemble=BENCHMARK_BY_ENSEMBLE,
        single=BENCHMARK_BY_FULL,
    output:
        **tables("uncertainty", rewards="fig1", variances="fig6", accuracies="fig9"),
    log:
        "<logs>/tabulate_heads.log",
    params:
        **stage("rewards.tabulate_heads"),


use rule figure as draw_uncertainty_fig1 with:
    """Figure 1: the heads' rewards of one response."""
    pathvars:
        item="uncertainty/fig1",
    params:
        **figure("uncertainty.head_rewards", UNCERTAINTY, "Figure 1"),


use rule figure as draw_uncertainty_fig6 with:
    """Figure 6: variances over heads, by set."""
    pathvars:
        item="uncertainty/fig6",
    params:
        **figure("uncertainty.head_variances", UNCERTAINTY, "Figure 6"),


use rule figure as draw_uncertainty_fig9 with:
    """Figure 9: accuracies of the heads and of the fully tuned single model."""
    pathvars:
        item="uncertainty/fig9",
    params:
        **figure("uncertainty.head_accuracies", UNCERTAINTY, "Figure 9"),


use rule job as redraw_heads with:
    """Heads drawn again and again, from several initial deviations: Figure 6's and 9's claims."""
    input:
        RUNS.path("<results>/features/{config.rewards.shown}.json"),
        model=RUNS.path("<results>/models/reward_model_{config.rewards.shown}.json"),
        features=RUNS.path("<results>/features/{config.rewards.shown}.safetensors"),
        full=BENCHMARK_BY_FULL,
    output:
        **table("uncertainty/redraws"),
    log:
        "<logs>/redraw_heads.log",
    params:
        **stage(
            "rewards.redraw_heads",
            settings={
                "settings": "rewards.redraws",
                "ensemble": "rewards.ensemble",
                "features_settings": "rewards.features",
                "max_length": "rewards.max_length",
            },
            seed=["redraw_heads"],
            printed=printed("uncertainty_fig6"),
            rules=ledger_rules("U12"),
        ),


use rule figure as draw_uncertainty_redraws with:
    """Figure 6's variances and Figure 9's accuracies over redraws of the heads."""
    pathvars:
        item="uncertainty/redraws",
    params:
        **figure("uncertainty.redraws", UNCERTAINTY, "Heads drawn again"),


use rule job as tabulate_losses with:
    """Figure 8's table: training losses of the single model and of the heads."""
    input:
        single=RUNS.path("<results>/losses/reward_model_{config.rewards.shown}.csv"),
        heads=RUNS.paths("<results>/losses/{name}.csv", name=inputs.shown_ensemble),
    output:
        **table("uncertainty/fig8"),
    log:
        "<logs>/tabulate_losses.log",
    params:
        **stage("rewards.tabulate_losses", settings="rewards.model"),


use rule figure as draw_uncertainty_fig8 with:
    """Figure 8: training losses of the single model and of the heads."""
    pathvars:
        item="uncertainty/fig8",
    params:
        **figure("uncertainty.training_losses", UNCERTAINTY, "Figure 8"),


use rule job as tabulate_uncertainty_table1 with:
    """Table 1: RewardBench as printed, averages computed again, and our scores beside them."""
    input:
        single=BENCHMARK_BY_SINGLE,
        full=BENCHMARK_BY_FULL,
        ensemble=BENCHMARK_BY_ENSEMBLE,
    output:
        table=report("<results>/tables/uncertainty/table1.csv", **ITEM),
        findings="<results>/tables/uncertainty/table1.rst",
        provenance="<results>/tables/uncertainty/table1.json",
    log:
        "<logs>/uncertainty_table1.log",
    params:
        **shown(UNCERTAINTY, "Table 1"),
        **stage("rewards.tabulate_scores", printed=printed("uncertainty_table1")),


use rule job as tabulate_uncertainty_tables2_5 with:
    """Tables 2 to 5: settings and measured cost of the reward models, beside the paper's."""
    input:
        measured=RUNS.paths("<results>/costs/{name}_measured.csv", name=inputs.shown_models),
    output:
        table=report("<results>/tables/uncertainty/tables2_5_measured.csv", **ITEM),
        findings="<results>/tables/uncertainty/tables2_5_measured.rst",
        provenance="<results>/tables/uncertainty/tables2_5_measured.json",
    log:
        "<logs>/uncertainty_tables2_5.log",
    params:
        **shown(UNCERTAINTY, "Tables 2 to 5"),
        **stage(
            "costs.tabulate",
            printed=printed("uncertainty_tables2_5"),
            models={
                "single reward model": ["single reward model"],
                "ensemble of heads": [
                    "features",
                    "ensemble of heads",
                    "ensemble of whole models",
                ],
            },
        ),
