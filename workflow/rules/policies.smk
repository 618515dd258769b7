"""Policies trained with PPO against reward ensembles: search, training, judging, figures."""

from rewardlab import inputs, judge_inputs
from rewardlab.policies.names import NOISE, PILOT

SEARCHED = {
    "proxy": "policies.proxy",
    "max_length": "rewards.max_length",
    "ppo": "policies.ppo",
    "evaluation": "policies.evaluation",
}


wildcard_constraints:
    experiment=one_of({NOISE, PILOT} | RUNS.every(lambda config: config.policies.experiments)),
    method=one_of(RUNS.every(lambda config: config.policies.methods)),
    factor=r"[\d.e+-]+|grid",
    batch=r"\d+",


use rule job as draw_ensembles with:
    """The ensembles of heads that an experiment's policies are trained against."""
    input:
        RUNS.path("<results>/features/{config.policies.preferences}.json"),
        model=RUNS.path("<results>/models/reward_model_{config.policies.preferences}.json"),
        features=RUNS.path("<results>/features/{config.policies.preferences}.safetensors"),
        pairs=RUNS.paths("<results>/regimes/pairs.json", when=inputs.draws_chosen_pairs),
    output:
        **saved_model("drawn_{experiment}", "ensemble"),
    log:
        "<logs>/draw_ensembles_{experiment}.log",
    params:
        **stage(
            "rewards.fit_heads",
            settings="policies.ensemble",
            seeds=seeds_of("draw_ensemble", inputs.drawn_ensembles),
        ),


use rule draw_ensembles as draw_ensembles_of_property with:
    """The same of each of the properties whose rewards are transformed."""
    input:
        "<results>/features/{set}.json",
        model="<results>/models/reward_model_{set}.json",
        features="<results>/features/{set}.safetensors",
    output:
        **saved_model("drawn_{experiment}_of_{set}", "ensemble"),
    log:
        "<logs>/draw_ensembles_{experiment}_of_{set}.log",
    params:
        **stage(
            "rewards.fit_heads",
            settings="policies.ensemble",
            seeds=seeds_of("draw_ensemble", inputs.drawn_of_property),
        ),


use rule job as find_beta with:
    """The KL coefficient at which a method reaches the target divergence, by pilot policies."""
    input:
        model=LANGUAGE_MODEL,
        ensemble=f"<results>/models/drawn_{PILOT}.json",
        prompts=RUNS.path("<results>/prompts/{config.policies.prompts}.parquet"),
    output:
        coefficient="<results>/betas/{method}.json",
        trials="<results>/betas/{method}.csv",
        provenance="<results>/betas/{method}_provenance.json",
    log:
        "<logs>/find_beta_{method}.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "policies.find_beta",
            settings={
                **SEARCHED,
                "ppo": inputs.searched_ppo,
                "matched_kl": "policies.matched_kl",
                "settings": "policies.methods.{method}",
            },
            seed=["find_beta"],
            method="{method}",
        ),


use rule job as train_policies with:
    """Policies of one method, against the heads of one ensemble; or what the base model says."""
    input:
        model=LANGUAGE_MODEL,
        prompts=RUNS.paths("<results>/prompts/{name}.parquet", name=inputs.policy_prompts),
        ensemble=RUNS.paths("<results>/models/{name}.json", name=inputs.policy_ensembles),
        coefficient=RUNS.paths("<results>/betas/{name}.json", name=inputs.policy_coefficients),
        samples=RUNS.paths(
            "<results>/transforming/samples_train_{set}.safetensors",
            when=inputs.is_trained,
            set=inputs.rewarded,
        ),
    output:
        models=directory("<results>/policies/{experiment}/{method}/{factor}/{batch}/models"),
        manifest="<results>/policies/{experiment}/{method}/{factor}/{batch}/models.json",
        steps="<results>/policies/{experiment}/{method}/{factor}/{batch}/steps.parquet",
        responses="<results>/policies/{experiment}/{method}/{factor}/{batch}/responses.parquet",
        ended="<results>/policies/{experiment}/{method}/{factor}/{batch}/ended.parquet",
        measured="<results>/policies/{experiment}/{method}/{factor}/{batch}/policies_measured.csv",
        provenance="<results>/policies/{experiment}/{method}/{factor}/{batch}/provenance.json",
    log:
        "<logs>/train_policies_{experiment}_{method}_{factor}_{batch}.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "policies.train",
            settings={
                **SEARCHED,
                "ppo": inputs.ppo,
                "evaluation": inputs.policy_evaluation,
                "seeds": "policies.seeds",
            },
            seed=["train_policies", inputs.paired_with],
            method="{method}",
            penalty=inputs.penalty,
            parameters=inputs.parameters,
            factors=inputs.factors,
            policies=inputs.policies_of_job,
            references=inputs.references,
            transform=inputs.transform,
            combine=inputs.combine,
        ),


use rule job as sample_opponents with:
    """A response of the base model to every evaluation prompt, which a judge in words compares with."""
    input:
        model=LANGUAGE_MODEL,
        prompts=RUNS.path("<results>/prompts/{config.policies.prompts}.parquet"),
    output:
        **recorded(responses="<results>/responses/opponents.parquet"),
    log:
        "<logs>/sample_opponents.log",
    params:
        **stage(
            "data.sample_responses",
            settings=judge_inputs.opponent_samples,
            seed=["sample_opponents"],
        ),


use rule job as judge_batch with:
    """What a job's policies answered, judged by a model or in words; gold needs no job for it."""
    input:
        RUNS.paths("{name}", name=judge_inputs.template),
        responses="<results>/policies/{experiment}/{method}/{factor}/{batch}/responses.parquet",
        models=RUNS.paths(
            "<results>/{name}.json", name=judge_inputs.models_of(judge_inputs.sets_of_experiment)
        ),
        opponents=RUNS.paths("<results>/{name}.parquet", name=judge_inputs.opponents),
    output:
        **recorded(
            scores="<results>/policies/{experiment}/{method}/{factor}/{batch}/judged.parquet"
        ),
    log:
        "<logs>/judge_batch_{experiment}_{method}_{factor}_{batch}.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "rewards.judge",
            settings={"judge": judge_inputs.judge},
            properties=judge_inputs.sets_of_experiment,
        ),


use rule job as judge_policies with:
    """Every policy of an experiment in a row: its judged reward, the noise in it, its divergence."""
    input:
        responses=RUNS.paths(
            "<results>/policies/{job}/{table}.parquet",
            job=inputs.jobs_of(),
            table=judge_inputs.judged_table,
        ),
        ended=RUNS.paths("<results>/policies/{job}/ended.parquet", job=inputs.jobs_of()),
        steps=RUNS.paths("<results>/policies/{job}/steps.parquet", job=inputs.jobs_of(trained=True)),
    output:
        policies="<results>/policies/{experiment}.csv",
        all_steps="<results>/policies/{experiment}_steps.parquet",
        provenance="<results>/policies/{experiment}.json",
    log:
        "<logs>/judge_policies_{experiment}.log",
    params:
        **stage(
            "policies.judge",
            settings={"world": judge_inputs.gold_world},
            preferences=inputs.preferences_of_policies,
            values=judge_inputs.other_dialects,
        ),


use rule job as tabulate_policy_rewards with:
    """Figure 7's or 12's table."""
    input:
        policies="<results>/policies/{item}.csv",
    output:
        **table("uncertainty/{item}"),
    log:
        "<logs>/tabulate_policy_rewards_{item}.log",
    wildcard_constraints:
        item="fig7|fig12",
    params:
        **stage("policies.tabulate_rewards"),


use rule figure as draw_uncertainty_fig7 with:
    """Figure 7: judged rewards of forty policies of each method."""
    pathvars:
        item="uncertainty/fig7",
    params:
        **figure("uncertainty.policy_rewards", UNCERTAINTY, "Figure 7", POLICIES),


use rule figure as draw_uncertainty_fig12 with:
    """Figure 12: judged rewards of a hundred policies of each method."""
    pathvars:
        item="uncertainty/fig12",
    params:
        **figure("uncertainty.policy_rewards", UNCERTAINTY, "Figure 12", POLICIES),


use rule job as tabulate_training with:
    """The tables of Figures 10 and 11, of Figure 7's policies, and of the search."""
    input:
        steps="<results>/policies/fig7_steps.parquet",
        trials=RUNS.paths("<results>/betas/{name}.csv", name=inputs.contrasted_methods),
    output:
        **tables("uncertainty", kl="fig10", proxy="fig11", search="search"),
    log:
        "<logs>/tabulate_training.log",
    params:
        **stage("policies.tabulate_training", printed=printed("uncertainty_fig10")),


use rule figure as draw_uncertainty_fig10 with:
    """Figure 10: the KL divergence over training."""
    pathvars:
        item="uncertainty/fig10",
    params:
        **figure("uncertainty.training_curves", UNCERTAINTY, "Figure 10", POLICIES),


use rule figure as draw_uncertainty_fig11 with:
    """Figure 11: the proxy reward over training."""
    pathvars:
        item="uncertainty/fig11",
    params:
        **figure("uncertainty.training_curves", UNCERTAINTY, "Figure 11", POLICIES),


use rule figure as draw_uncertainty_search with:
    """The search for the KL coefficients that reach the target."""
    pathvars:
        item="uncertainty/search",
    params:
        **figure(
            "uncertainty.beta_search",
            UNCERTAINTY,
            "KL coefficients",
            POLICIES and inputs.searches_a_coefficient(SETTINGS),
        ),


use rule job as check_fixed_point with:
    """Policies on responses of one token, and the closed form that they arrive at."""
    output:
        **table("uncertainty/fixed_point"),
    log:
        "<logs>/check_fixed_point.log",
    params:
        **stage("policies.check_fixed_point", settings="fixed_point", seed=["check_fixed_point"]),


use rule figure as draw_uncertainty_fixed_point with:
    """Where PPO with a weighted penalty comes to rest, on responses of one token."""
    pathvars:
        item="uncertainty/fixed_point",
    params:
        **figure("uncertainty.fixed_point", UNCERTAINTY, "Fixed point of PPO"),


use rule job as tabulate_uncertainty_tables6_8 with:
    """Tables 6 to 8: settings and measured cost of the policies, beside the paper's."""
    input:
        measured=RUNS.paths(
            "<results>/policies/{job}/policies_measured.csv",
            job=inputs.jobs_of("fig7", "fig12", trained=True),
        ),
    output:
        table=report("<results>/tables/uncertainty/tables6_8_measured.csv", **ITEM),
        findings="<results>/tables/uncertainty/tables6_8_measured.rst",
        provenance="<results>/tables/uncertainty/tables6_8_measured.json",
    log:
        "<logs>/uncertainty_tables6_8.log",
    params:
        **shown(UNCERTAINTY, "Tables 6 to 8", POLICIES),
        **stage(
            "costs.tabulate",
            printed=printed("uncertainty_tables6_8"),
            models=lambda config, wildcards: {
                "vanilla PPO": ["policies, vanilla"],
                "variance-aware PPO": [f"policies, {config.policies.variance_aware}"],
            },
        ),


use rule job as compare_methods with:
    """All penalties at the same divergence, one policy of each against every fresh ensemble."""
    input:
        policies="<results>/policies/methods.csv",
        steps="<results>/policies/methods_steps.parquet",
    output:
        **table("uncertainty/methods"),
    log:
        "<logs>/compare_methods.log",
    params:
        **stage("policies.compare_methods", seed=["compare_methods"]),


use rule figure as draw_uncertainty_methods with:
    """All penalties at the same divergence."""
    pathvars:
        item="uncertainty/methods",
    params:
        **figure("uncertainty.penalties", UNCERTAINTY, "All penalties", POLICIES, extended=True),


use rule job as trace_frontier with:
    """Judged and proxy rewards against the divergence, over multiples of the coefficients."""
    input:
        policies="<results>/policies/frontier.csv",
        steps="<results>/policies/frontier_steps.parquet",
    output:
        **table("uncertainty/frontier"),
    log:
        "<logs>/trace_frontier.log",
    params:
        **stage("policies.trace_frontier", seed=["trace_frontier"]),


use rule figure as draw_uncertainty_frontier with:
    """Judged reward, proxy reward and variance against the divergence."""
    pathvars:
        item="uncertainty/frontier",
    params:
        **figure("uncertainty.frontier", UNCERTAINTY, "Frontier", POLICIES, extended=True),
