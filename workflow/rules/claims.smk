"""The claims: what each chapter measured for them, and their verdicts by the ledger."""

from rewardlab import inputs, judge_inputs
from rewardlab.running.provenance import file_hash

CHAPTERS = [
    "closed_forms",
    "reward_models",
    "aggregation",
    *(["aggregation_theorem"] if SAMPLED and GOLD else []),
    *(["policies"] if POLICIES else []),
    *(["transforming_utility", "transforming"] if RANKED else []),
    "book",
    *(["book_losses", "book_epochs", "book_calibration"] if BOOK else []),
    *(["book_judge"] if JUDGES else []),
    "book_best_of_n",
    "book_kinds",
]
# What `extended` measures beyond, or with more: a chapter -> what stands in its place.
EXTENDED_CHAPTERS = {
    **{chapter: chapter for chapter in CHAPTERS},
    "causes": "causes",
    **({"transforming": "transforming_extended"} if RANKED else {}),
}


use rule job as claims_closed_forms with:
    """What closed forms measure for the claims U2 to U7, U19a and U21."""
    input:
        fig2="<results>/tables/uncertainty/fig2.csv",
        fig3="<results>/tables/uncertainty/fig3.csv",
        fig3_moments="<results>/tables/uncertainty/fig3_moments.csv",
        fig4="<results>/tables/uncertainty/fig4.csv",
        fig4_moments="<results>/tables/uncertainty/fig4_moments.csv",
        theorems="<results>/tables/uncertainty/theorems.csv",
    output:
        findings="<results>/claims/closed_forms.csv",
    log:
        "<logs>/claims_closed_forms.log",
    params:
        **stage(
            "claims.closed_forms",
            seed=["judge_closed_forms"],
            moments={
                "Figure 7": printed("uncertainty_fig7"),
                "Figure 12": printed("uncertainty_fig12"),
            },
        ),


use rule job as claims_reward_models with:
    """What reward models measure for the claims U1, U8 to U12, U17, U18 and U22."""
    input:
        ensemble=BENCHMARK_BY_ENSEMBLE,
        full=BENCHMARK_BY_FULL,
        redraws="<results>/tables/uncertainty/redraws.csv",
        variances="<results>/tables/uncertainty/fig6.csv",
        losses="<results>/tables/uncertainty/fig8.csv",
        costs="<results>/tables/uncertainty/tables2_5_measured.csv",
        single_model=RUNS.path("<results>/models/reward_model_{config.rewards.shown}.json"),
        ensemble_models=RUNS.paths("<results>/models/{name}.json", name=inputs.shown_ensemble),
    output:
        findings="<results>/claims/reward_models.csv",
    log:
        "<logs>/claims_reward_models.log",
    params:
        **stage(
            "claims.reward_models",
            settings={"kind": "rewards.ensemble.kind"},
            seed=["judge_reward_models"],
            printed=printed("uncertainty_table1"),
            storage=printed("uncertainty_storage"),
            rules=ledger_rules("U12"),
        ),


use rule job as claims_aggregation with:
    """What best-of-k measures for the claims A1 to A5, at every k."""
    input:
        by_prompt="<results>/win_rates/by_prompt.parquet",
    output:
        findings="<results>/claims/aggregation.csv",
        by_k="<results>/tables/aggregation/claims_by_k.csv",
        provenance="<results>/tables/aggregation/claims_by_k.json",
    log:
        "<logs>/claims_aggregation.log",
    params:
        **stage(
            "claims.aggregation",
            settings="aggregation",
            seed=["judge_aggregation"],
            rules=ledger_rules("A1", "A2", "A3", "A4", "A5"),
        ),


use rule job as claims_policies with:
    """What trained policies measure for the claims U13 to U16 and U19b."""
    input:
        fig7="<results>/policies/fig7.csv",
        fig12="<results>/policies/fig12.csv",
        steps="<results>/policies/fig12_steps.parquet",
    output:
        findings="<results>/claims/policies.csv",
    log:
        "<logs>/claims_policies.log",
    params:
        **stage(
            "claims.policies",
            settings={"variance_aware": "policies.variance_aware"},
            seed=["judge_policies"],
            nested=inputs.nested_experiments,
            golds=judge_inputs.other_dialects,
            exploratory=judge_inputs.is_exploratory,
        ),


use rule job as claims_transforming with:
    """What policies on transformed rewards measure for the claims T1, T2, T3b and T4."""
    input:
        single=RUNS.paths(
            "<results>/transforming/policies_{name}.parquet", name=inputs.single_experiments
        ),
        single_exact=RUNS.paths(
            "<results>/transforming/exact_{name}.parquet", name=inputs.single_experiments
        ),
        combined=RUNS.paths(
            "<results>/transforming/policies_{name}.parquet", name=inputs.claimed_experiments
        ),
        combined_exact=RUNS.paths(
            "<results>/transforming/exact_{name}.parquet", name=inputs.claimed_experiments
        ),
    output:
        findings="<results>/claims/{item}.csv",
    log:
        "<logs>/claims_{item}.log",
    wildcard_constraints:
        item="transforming|transforming_extended",
    params:
        **stage(
            "claims.transforming",
            settings={"at": "transforming.at"},
            names=lambda config, wildcards: {
                "single": inputs.single_experiments(config, wildcards),
                "combined": inputs.claimed_experiments(config, wildcards),
            },
        ),


use rule job as decide_claims with:
    """The claims table: every claim of the papers, and whether it held."""
    input:
        measured=expand("<results>/claims/{chapter}.csv", chapter=CHAPTERS),
    output:
        claims=report("<results>/claims.csv", **{**ITEM, "caption": "../report/claims.rst"}),
        findings="<results>/claims.rst",
        provenance="<results>/claims.json",
    log:
        "<logs>/claims.log",
    params:
        **shown(CLAIMS, "All claims"),
        **stage("claims.collect", ledger=LEDGER, printed=PRINTED),
        hashes=[file_hash(Path(file)) for file in (LEDGER, PRINTED)],


use rule job as decide_extended_claims with:
    """The same with what `extended` measures beyond `all`."""
    input:
        measured=expand("<results>/claims/{chapter}.csv", chapter=EXTENDED_CHAPTERS.values()),
    output:
        claims="<results>/extended_claims.csv",
        findings="<results>/extended_claims.rst",
        provenance="<results>/extended_claims.json",
    log:
        "<logs>/extended_claims.log",
    params:
        **stage("claims.collect", ledger=LEDGER, printed=PRINTED),
        hashes=[file_hash(Path(file)) for file in (LEDGER, PRINTED)],


use rule job as write_page with:
    """One page to read: the claims, and every figure and table by paper."""
    input:
        template=PAGE,
        claims=lambda wildcards: (
            f"results/{wildcards.run}/{'extended_' if wildcards.page == 'extended' else ''}claims.csv"
        ),
        shown=lambda wildcards: [file_of(item) for item in items_on(wildcards.page)],
        findings=lambda wildcards: [findings_of(item) for item in items_on(wildcards.page)],
        elsewhere=lambda wildcards: elsewhere(wildcards),
    output:
        page="<results>/{page}.html",
        provenance="<results>/{page}.html.json",
    log:
        "<logs>/write_{page}.log",
    wildcard_constraints:
        page="index|extended",
    params:
        **stage(
            "claims.write_page",
            ledger=LEDGER,
            printed=PRINTED,
            title=f"Reward models and RLHF: scale {SETTINGS.scale}, seed {SETTINGS.seed}",
            items=lambda config, wildcards: described(wildcards, items_on(wildcards.page)),
            run_settings=lambda config, wildcards: config.model_dump(mode="json"),
            recorded="results/{run}/hashes",
        ),
        hashes=[file_hash(Path(file)) for file in (LEDGER, PRINTED)],


use rule job as write_results with:
    """The claims and every figure of a run in words, as a page of the documentation."""
    input:
        claims="<results>/claims.csv",
        shown=lambda wildcards: [file_of(item) for item in items_on("index")],
        findings=lambda wildcards: [findings_of(item) for item in items_on("index")],
    output:
        page="<results>/results.md",
        provenance="<results>/results.md.json",
    log:
        "<logs>/write_results.log",
    params:
        **stage(
            "claims.write_results",
            title=f"Results: scale {SETTINGS.scale}, seed {SETTINGS.seed}",
            items=lambda config, wildcards: described(wildcards, items_on("index")),
        ),


rule results_page:
    """docs/results.md: the claims and every figure in words; of other scales docs/results-<scale>.md."""
    input:
        f"results/{SETTINGS.scale}/results.md",
    log:
        f"logs/{SETTINGS.scale}/results_page.log",
    conda:
        ENVIRONMENT
    params:
        page=(
            "docs/results.md"
            if SETTINGS.scale == "embedded"
            else f"docs/results-{SETTINGS.scale}.md"
        ),
    shell:
        "cp {input} {params.page} 2> {log}"
