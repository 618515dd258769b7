rule judge_closed_forms:
    """Verdicts on the claims about closed-form policies, U2 to U7."""
    input:
        fig2="<results>/tables/uncertainty/fig2.csv",
        fig3="<results>/tables/uncertainty/fig3.csv",
        fig3_moments="<results>/tables/uncertainty/fig3_moments.csv",
        fig4="<results>/tables/uncertainty/fig4.csv",
        fig4_moments="<results>/tables/uncertainty/fig4_moments.csv",
        theorems="<results>/tables/uncertainty/theorems.csv",
    output:
        claims="<results>/claims/closed_forms.csv",
    log:
        "<logs>/judge_closed_forms.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        seed=seed("judge_closed_forms"),
        code=code("stages.judge_closed_forms"),
    shell:
        "python -m rewardlab.stages.judge_closed_forms --seed {params.seed} --fig2 {input.fig2}"
        " --fig3 {input.fig3} --fig3-moments {input.fig3_moments}"
        " --fig4 {input.fig4} --fig4-moments {input.fig4_moments}"
        " --theorems {input.theorems} --claims {output.claims} --log {log}"


rule judge_reward_models:
    """Verdicts on the claims about reward models, U1, U8 to U12, U17 and U18."""
    input:
        ensemble=BENCHMARK_BY_ENSEMBLE,
        single=BENCHMARK_BY_SINGLE,
        variances="<results>/tables/uncertainty/fig6.csv",
        losses="<results>/tables/uncertainty/fig8.csv",
        costs="<results>/tables/uncertainty/tables2_5_measured.csv",
    output:
        claims="<results>/claims/reward_models.csv",
    log:
        "<logs>/judge_reward_models.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        seed=seed("judge_reward_models"),
        kind=SETTINGS.rewards.ensemble.kind,
        printed=PRINTED,
        printed_hash=file_hash(Path(PRINTED)),
        code=code("stages.judge_reward_models"),
    shell:
        "python -m rewardlab.stages.judge_reward_models --seed {params.seed}"
        " --ensemble {input.ensemble} --single {input.single} --variances {input.variances}"
        " --losses {input.losses} --costs {input.costs} --printed {params.printed}"
        " --kind {params.kind} --claims {output.claims} --log {log}"


rule judge_aggregation:
    """Verdicts on the claims about combining rewards, A1 to A5, at every k."""
    input:
        by_prompt="<results>/win_rates/by_prompt.parquet",
    output:
        claims="<results>/claims/aggregation.csv",
        by_k="<results>/tables/aggregation/claims_by_k.csv",
        provenance="<results>/tables/aggregation/claims_by_k.json",
    log:
        "<logs>/judge_aggregation.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=settings("aggregation"),
        seed=seed("judge_aggregation"),
        code=code("stages.judge_aggregation"),
    shell:
        "python -m rewardlab.stages.judge_aggregation --settings {params.settings:q}"
        " --seed {params.seed} --by-prompt {input.by_prompt} --claims {output.claims}"
        " --by-k {output.by_k} --provenance {output.provenance} --log {log}"


rule judge_policies:
    """Verdicts on the claims about trained policies, U13 to U16."""
    input:
        fig7="<results>/policies/fig7.csv",
        fig12="<results>/policies/fig12.csv",
        steps="<results>/policies/fig7_steps.parquet",
    output:
        claims="<results>/claims/policies.csv",
    log:
        "<logs>/judge_policies.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        aware=SETTINGS.policies.aware,
        seed=seed("judge_policies"),
        code=code("stages.judge_policies"),
    shell:
        "python -m rewardlab.stages.judge_policies --seed {params.seed} --fig7 {input.fig7}"
        " --fig12 {input.fig12} --steps {input.steps} --aware {params.aware}"
        " --claims {output.claims} --log {log}"


rule claims:
    """The claims table: every claim of the papers, and whether it held."""
    input:
        judgements=collect(
            "<results>/claims/{chapter}.csv",
            chapter=CHAPTERS,
        ),
    output:
        claims=report(
            "<results>/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"item": "All claims"},
        ),
        page="<results>/claims.html",
        provenance="<results>/claims.json",
    log:
        "<logs>/claims.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        ledger=LEDGER,
        ledger_hash=file_hash(Path(LEDGER)),
        code=code("stages.collect_claims"),
    shell:
        "python -m rewardlab.stages.collect_claims --ledger {params.ledger}"
        " --judgements {input.judgements} --claims {output.claims} --page {output.page}"
        " --provenance {output.provenance} --log {log}"
