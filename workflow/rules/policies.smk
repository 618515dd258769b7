rule find_beta:
    """The KL coefficient at which a method reaches the target divergence, by pilot policies."""
    input:
        model=LANGUAGE_MODEL,
        ensemble="<results>/models/drawn_pilot.json",
        prompts=f"<results>/prompts/{SETTINGS.policies.prompts}.parquet",
    output:
        beta="<results>/betas/{method}.json",
        trials="<results>/betas/{method}.csv",
        provenance="<results>/betas/{method}_provenance.json",
    log:
        "<logs>/find_beta_{method}.log",
    benchmark:
        "<benchmarks>/find_beta_{method}.jsonl"
    wildcard_constraints:
        method=one_of(SETTINGS.policies.betas),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=1440,
    params:
        settings=lambda wildcards: settings(
            proxy="policies.proxy",
            ppo="policies.ppo",
            evaluation="policies.evaluation",
            matched_kl="policies.matched_kl",
            beta=f"policies.betas.{wildcards.method}",
        ),
        seed=seed("find_beta"),
        code=code("stages.find_beta"),
    shell:
        "python -m rewardlab.stages.find_beta --settings {params.settings:q}"
        " --seed {params.seed} --model {input.model} --ensemble {input.ensemble}"
        " --prompts {input.prompts} --method {wildcards.method} --beta {output.beta}"
        " --trials {output.trials} --provenance {output.provenance} --log {log}"


rule train_policies:
    """The policies of one method against one head (fig7) or one ensemble (fig12)."""
    input:
        model=LANGUAGE_MODEL,
        ensemble=lambda wildcards: drawn_ensemble(wildcards.figure, wildcards.unit),
        prompts=f"<results>/prompts/{SETTINGS.policies.prompts}.parquet",
        beta=lambda wildcards: beta_of(wildcards.figure, wildcards.method),
    output:
        models=directory("<results>/policies/{figure}_{method}_{unit}"),
        manifest="<results>/policies/{figure}_{method}_{unit}.json",
        steps="<results>/policies/{figure}_{method}_{unit}_steps.parquet",
        responses="<results>/policies/{figure}_{method}_{unit}_responses.parquet",
        ended="<results>/policies/{figure}_{method}_{unit}_ended.parquet",
        measured="<results>/costs/policies_{figure}_{method}_{unit}_measured.csv",
        provenance="<results>/policies/{figure}_{method}_{unit}_provenance.json",
    log:
        "<logs>/train_policies_{figure}_{method}_{unit}.log",
    benchmark:
        "<benchmarks>/train_policies_{figure}_{method}_{unit}.jsonl"
    wildcard_constraints:
        method=one_of(SETTINGS.policies.betas),
        unit=r"\d+",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=1440,
    params:
        settings=settings(
            proxy="policies.proxy", ppo="policies.ppo", evaluation="policies.evaluation"
        ),
        seed=lambda wildcards: seed("train_policies", wildcards.figure.partition("-")[0]),
        cells=lambda wildcards: cells_of(wildcards.figure, int(wildcards.unit)),
        code=code("stages.train_policies"),
    shell:
        "python -m rewardlab.stages.train_policies --settings {params.settings:q}"
        " --seed {params.seed} --model {input.model} --ensemble {input.ensemble}"
        " --prompts {input.prompts} --beta {input.beta} --method {wildcards.method}"
        " --cells {params.cells:q} --models {output.models} --manifest {output.manifest}"
        " --steps {output.steps} --responses {output.responses} --ended {output.ended}"
        " --measured {output.measured} --provenance {output.provenance} --log {log}"


rule sample_reference:
    """What the base model answers, once for every policy of a figure."""
    input:
        model=LANGUAGE_MODEL,
        prompts=f"<results>/prompts/{SETTINGS.policies.prompts}.parquet",
    output:
        responses="<results>/policies/{figure}_reference_responses.parquet",
        provenance="<results>/policies/{figure}_reference_provenance.json",
    log:
        "<logs>/sample_reference_{figure}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=settings(
            proxy="policies.proxy", ppo="policies.ppo", evaluation="policies.evaluation"
        ),
        seed=lambda wildcards: seed("train_policies", wildcards.figure.partition("-")[0]),
        policies=lambda wildcards: policies_of(wildcards.figure),
        code=code("stages.sample_reference"),
    shell:
        "python -m rewardlab.stages.sample_reference --settings {params.settings:q}"
        " --seed {params.seed} --model {input.model} --prompts {input.prompts}"
        " --policies {params.policies} --responses {output.responses}"
        " --provenance {output.provenance} --log {log}"


rule gather_policies:
    """All policies of a figure: their steps, their responses, how they ended."""
    input:
        steps=lambda wildcards: of_policies(wildcards.figure, "steps"),
        responses=lambda wildcards: [
            *of_policies(wildcards.figure, "responses"),
            "<results>/policies/{figure}_reference_responses.parquet",
        ],
        ended=lambda wildcards: of_policies(wildcards.figure, "ended"),
    output:
        steps="<results>/policies/{figure}_steps.parquet",
        responses="<results>/responses/policies_{figure}.parquet",
        ended="<results>/policies/{figure}_ended.parquet",
        provenance="<results>/policies/{figure}_gathered.json",
    log:
        "<logs>/gather_policies_{figure}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        methods=lambda wildcards: ",".join(methods_of(wildcards.figure)),
        code=code("stages.gather_policies"),
    shell:
        "python -m rewardlab.stages.gather_policies --steps {input.steps}"
        " --responses {input.responses} --ended {input.ended} --methods {params.methods}"
        " --all-steps {output.steps} --all-responses {output.responses}"
        " --all-ended {output.ended} --provenance {output.provenance} --log {log}"


rule judge_responses:
    """Each policy's mean judged reward, the noise in it, and its divergence."""
    input:
        scores="<results>/scores/policies_{figure}_by_gold.parquet",
        ended="<results>/policies/{figure}_ended.parquet",
    output:
        policies="<results>/policies/{figure}.csv",
        provenance="<results>/policies/{figure}_judged.json",
    log:
        "<logs>/judge_responses_{figure}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        judge=f"gold_{SETTINGS.policies.preferences}",
        code=code("stages.judge_responses"),
    shell:
        "python -m rewardlab.stages.judge_responses --scores {input.scores}"
        " --ended {input.ended} --judge {params.judge} --policies {output.policies}"
        " --provenance {output.provenance} --log {log}"


rule tabulate_policies:
    """Figure 7's, 10's, 11's or 12's table."""
    input:
        policies=lambda wildcards: f"<results>/policies/{POLICIES_OF_ITEM[wildcards.item]}.csv",
        steps=lambda wildcards: (
            f"<results>/policies/{POLICIES_OF_ITEM[wildcards.item]}_steps.parquet"
        ),
    output:
        table="<results>/tables/uncertainty/{item}.csv",
        findings="<results>/tables/uncertainty/{item}.rst",
        provenance="<results>/tables/uncertainty/{item}.json",
    log:
        "<logs>/tabulate_policies_{item}.log",
    wildcard_constraints:
        item="fig7|fig10|fig11|fig12",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        code=code("stages.tabulate_policies"),
    shell:
        "python -m rewardlab.stages.tabulate_policies --policies {input.policies}"
        " --steps {input.steps} --item {wildcards.item} --table {output.table}"
        " --findings {output.findings} --provenance {output.provenance} --log {log}"


rule collect_betas:
    """The searches for the coefficients, in one table."""
    input:
        trials=collect("<results>/betas/{method}.csv", method=SHOWN_METHODS),
    output:
        table="<results>/tables/uncertainty/search.csv",
        findings="<results>/tables/uncertainty/search.rst",
        provenance="<results>/tables/uncertainty/search.json",
    log:
        "<logs>/collect_betas.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("stages.collect_betas"),
    shell:
        "python -m rewardlab.stages.collect_betas --trials {input.trials}"
        " --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"


rule check_fixed_point:
    """Policies on responses of one token, and the closed form that they arrive at."""
    output:
        table="<results>/tables/uncertainty/fixed_point.csv",
        findings="<results>/tables/uncertainty/fixed_point.rst",
        provenance="<results>/tables/uncertainty/fixed_point.json",
    log:
        "<logs>/check_fixed_point.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=settings("fixed_point"),
        seed=seed("check_fixed_point"),
        code=code("stages.check_fixed_point"),
    shell:
        "python -m rewardlab.stages.check_fixed_point --settings {params.settings:q}"
        " --seed {params.seed} --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"


rule uncertainty_tables6_8:
    """Tables 6 to 8: settings and measured cost of the policies, beside the paper's."""
    input:
        betas=collect("<results>/betas/{method}.json", method=SHOWN_METHODS),
        costs=[
            f"<results>/costs/policies_{figure}_{method}_{unit}_measured.csv"
            for figure in ("fig7", "fig12")
            for method in SHOWN_METHODS
            for unit in range(units_of(figure))
        ],
        steps=collect("<results>/policies/{figure}_steps.parquet", figure=["fig7", "fig12"]),
    output:
        table=report(
            "<results>/tables/uncertainty/tables6_8_measured.csv",
            caption="../report/uncertainty_tables6_8.rst",
            category=UNCERTAINTY,
            labels={"item": "Tables 6 to 8"},
        ),
        findings="<results>/tables/uncertainty/tables6_8_measured.rst",
        provenance="<results>/tables/uncertainty/tables6_8_measured.json",
    log:
        "<logs>/uncertainty_tables6_8.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=settings("policies.ppo"),
        methods=",".join(SHOWN_METHODS),
        printed=PRINTED,
        printed_hash=file_hash(Path(PRINTED)),
        code=code("stages.tabulate_policy_costs"),
    shell:
        "python -m rewardlab.stages.tabulate_policy_costs --settings {params.settings:q}"
        " --printed {params.printed} --betas {input.betas} --costs {input.costs}"
        " --steps {input.steps} --methods {params.methods} --table {output.table}"
        " --findings {output.findings} --provenance {output.provenance} --log {log}"


rule scale_beta:
    """A multiple of a searched coefficient, for the frontier."""
    input:
        beta="<results>/betas/{method}.json",
    output:
        beta="<results>/betas/{method}_frontier-{factor}.json",
    log:
        "<logs>/scale_beta_{method}_{factor}.log",
    wildcard_constraints:
        method=one_of(SETTINGS.policies.betas),
        factor=r"[\d.]+",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=200,
        runtime=5,
    params:
        code=code("stages.scale_beta"),
    shell:
        "python -m rewardlab.stages.scale_beta --beta {input.beta} --factor {wildcards.factor}"
        " --scaled {output.beta} --log {log}"


rule compare_methods:
    """All penalties at the same divergence, one policy of each against every fresh ensemble."""
    input:
        policies="<results>/policies/methods.csv",
        steps="<results>/policies/methods_steps.parquet",
    output:
        table="<results>/tables/uncertainty/methods.csv",
        findings="<results>/tables/uncertainty/methods.rst",
        provenance="<results>/tables/uncertainty/methods.json",
    log:
        "<logs>/compare_methods.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        seed=seed("compare_methods"),
        code=code("stages.compare_methods"),
    shell:
        "python -m rewardlab.stages.compare_methods --seed {params.seed}"
        " --policies {input.policies} --steps {input.steps} --table {output.table}"
        " --findings {output.findings} --provenance {output.provenance} --log {log}"


rule trace_frontier:
    """Judged and proxy rewards against the divergence, over multiples of the coefficients."""
    input:
        policies=collect("<results>/policies/{figure}.csv", figure=FRONTIER),
        steps=collect("<results>/policies/{figure}_steps.parquet", figure=FRONTIER),
    output:
        table="<results>/tables/uncertainty/frontier.csv",
        findings="<results>/tables/uncertainty/frontier.rst",
        provenance="<results>/tables/uncertainty/frontier.json",
    log:
        "<logs>/trace_frontier.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        factors=",".join(name.partition("-")[2] for name in FRONTIER),
        seed=seed("trace_frontier"),
        code=code("stages.trace_frontier"),
    shell:
        "python -m rewardlab.stages.trace_frontier --seed {params.seed}"
        " --policies {input.policies} --steps {input.steps} --factors {params.factors}"
        " --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"
