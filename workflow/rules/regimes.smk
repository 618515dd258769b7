"""When a variance-weighted penalty pays: PPO's fixed points, exactly, on samples of the base model."""

from rewardlab import inputs, judge_inputs
from rewardlab.policies.names import NOISE

CHOSEN = SETTINGS.policies.chosen_pairs is not None


wildcard_constraints:
    heads=one_of(RUNS.every(lambda config: config.regimes.heads)),


use rule job as sample_base with:
    """Many responses of the base model to some prompts."""
    input:
        model=LANGUAGE_MODEL,
        prompts=RUNS.path("<results>/prompts/{config.policies.prompts}.parquet"),
    output:
        **recorded(responses="<results>/responses/base.parquet"),
    log:
        "<logs>/sample_base.log",
    params:
        **stage("data.sample_responses", settings=inputs.base_samples, seed=["sample_base"]),


use rule job as gather_base_samples with:
    """The reward trunk's features of these responses, and their gold rewards."""
    input:
        model=RUNS.path("<results>/models/reward_model_{config.policies.preferences}.json"),
        responses="<results>/responses/base.parquet",
    output:
        **recorded(samples="<results>/regimes/samples.safetensors"),
    log:
        "<logs>/gather_base_samples.log",
    params:
        **stage(
            "policies.gather_base_samples",
            settings={
                "settings": "rewards.features",
                "max_length": "rewards.max_length",
                "world": "world",
            },
            values=inputs.dialect_values,
            judge=judge_inputs.gold_column,
        ),


use rule job as trace_fixed_points with:
    """Fixed points against every head of many ensembles, over a path of KL coefficients."""
    input:
        RUNS.path("<results>/features/{config.policies.preferences}.json"),
        "<results>/regimes/samples.json",
        samples="<results>/regimes/samples.safetensors",
        features=RUNS.path("<results>/features/{config.policies.preferences}.safetensors"),
    output:
        **recorded(paths="<results>/regimes/{heads}.parquet", heads="<results>/regimes/{heads}.csv"),
    log:
        "<logs>/trace_fixed_points_{heads}.log",
    params:
        **stage(
            "policies.trace_fixed_points",
            settings={
                "ensemble": "policies.ensemble",
                "settings": "regimes.heads.{heads}",
                "ensembles": "regimes.ensembles",
                "exponents": "regimes.exponents",
            },
            seed=["trace_fixed_points", "{heads}"],
        ),


use rule job as simulate_regimes with:
    """Bandits by noise and by how uneven sigma is, where it is known and where it is estimated."""
    output:
        **recorded(table="<results>/regimes/bandits.csv"),
    log:
        "<logs>/simulate_regimes.log",
    params:
        **stage(
            "policies.simulate_regimes",
            settings={"settings": "regimes.bandit", "exponents": "regimes.exponents"},
            seed=["simulate_regimes"],
        ),


use rule job as tabulate_regimes with:
    """Bandits and fixed points by noise, divergence and weighting, in one table."""
    input:
        bandit="<results>/regimes/bandits.csv",
        paths=RUNS.paths("<results>/regimes/{heads}.parquet", heads=inputs.regimes),
        heads=RUNS.paths("<results>/regimes/{heads}.csv", heads=inputs.regimes),
    output:
        **table("uncertainty/regimes"),
    log:
        "<logs>/tabulate_regimes.log",
    params:
        **stage(
            "policies.tabulate_regimes",
            settings={"divergences": "regimes.divergences"},
            names=inputs.regimes,
        ),


use rule figure as draw_uncertainty_regimes with:
    """When a variance-weighted penalty pays: bandits, and the embedded world's fixed points."""
    pathvars:
        item="uncertainty/regimes",
    params:
        **figure("uncertainty.regimes", UNCERTAINTY, "When it pays", EMBEDDED_WORLD),


use rule job as choose_uncertainty_pairs with:
    """How many preference pairs heads are fitted to, chosen by vanilla policies alone."""
    input:
        model=LANGUAGE_MODEL,
        prompts=RUNS.path("<results>/prompts/{config.policies.prompts}.parquet"),
        ensemble=f"<results>/models/drawn_{NOISE}.json",
        paths=RUNS.paths("<results>/regimes/{heads}.parquet", heads=inputs.candidates),
    output:
        table=report("<results>/tables/uncertainty/pairs.csv", **ITEM),
        choice="<results>/regimes/pairs.json",
        findings="<results>/tables/uncertainty/pairs.rst",
        provenance="<results>/tables/uncertainty/pairs.json",
    log:
        "<logs>/choose_pairs.log",
    resources:
        runtime=more(1440),
    params:
        **shown(UNCERTAINTY, "Pairs that heads are fitted to", EMBEDDED_WORLD and CHOSEN),
        **stage(
            "policies.choose_pairs",
            settings={
                **SEARCHED,
                "settings": "policies.chosen_pairs",
                "target": "policies.matched_kl.target",
                "world": "world",
            },
            pairs=inputs.candidate_pairs,
            judge=judge_inputs.gold_column,
            seed=["choose_pairs"],
        ),


use rule job as predict_policies with:
    """An experiment's policies beside the fixed points of their own heads."""
    input:
        "<results>/regimes/samples.json",
        samples="<results>/regimes/samples.safetensors",
        ensemble="<results>/models/drawn_{experiment}.json",
        policies="<results>/policies/{experiment}.csv",
        coefficients=RUNS.paths("<results>/betas/{name}.json", name=inputs.contrasted_methods),
    output:
        **recorded(table="<results>/regimes/predicted_{experiment}.csv"),
    log:
        "<logs>/predict_policies_{experiment}.log",
    params:
        **stage(
            "policies.predict_policies",
            exponents=inputs.exponents,
            gold=lambda config, wildcards: config.world.dialect.value,
        ),


use rule job as tabulate_inheritance with:
    """Figure 12's policies, or those of PPO varied, beside the fixed points of their own heads."""
    input:
        predicted=RUNS.paths(
            "<results>/regimes/predicted_{name}.csv", name=inputs.inheriting_experiments
        ),
    output:
        **table("uncertainty/{item}"),
    log:
        "<logs>/tabulate_{item}.log",
    wildcard_constraints:
        item="inheritance|inheritance_causes",
    params:
        **stage("policies.tabulate_inheritance", experiments=inputs.inheriting_experiments),


use rule figure as draw_uncertainty_inheritance with:
    """Does PPO inherit the exact result: its policies beside the fixed points of their heads."""
    pathvars:
        item="uncertainty/inheritance",
    params:
        **figure("uncertainty.inheritance", UNCERTAINTY, "PPO beside its fixed point", GOLD),


use rule figure as draw_uncertainty_inheritance_causes with:
    """Why PPO does not inherit the exact result: steps, batch, averaging and value head varied."""
    pathvars:
        item="uncertainty/inheritance_causes",
    params:
        **figure(
            "uncertainty.inheritance_causes",
            UNCERTAINTY,
            "PPO varied beside its fixed point",
            when=GOLD and bool(SETTINGS.extended.inheritance),
            extended=True,
        ),
