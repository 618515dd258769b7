rule run_world:
    """A table of another world: a run of this workflow inside it."""
    input:
        # Not read: code that changes this world's table may change the other's.
        own=lambda wildcards: f"<results>/{TABLES_OF_WORLDS[wildcards.table]}",
    output:
        table="<results>/worlds/{world}/{table}.csv",
    log:
        "<logs>/run_world_{world}_{table}.log",
    wildcard_constraints:
        world=one_of(WORLDS),
        table=one_of(TABLES_OF_WORLDS),
    conda:
        "../../envs/environment.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=1440,
    params:
        settings=lambda wildcards: json.dumps(
            {"config": WORLDS[wildcards.world].model_dump(mode="json")}, sort_keys=True
        ),
        table=lambda wildcards: TABLES_OF_WORLDS[wildcards.table],
        code=code("stages.run_world"),
    shell:
        "python -m rewardlab.stages.run_world --settings {params.settings:q}"
        " --cores {threads} --table {params.table} --copy {output.table} --log {log}"


rule collect_worlds:
    """The claims about combining rewards in this world and in the others."""
    input:
        own="<results>/tables/aggregation/claims_by_k.csv",
        others=collect("<results>/worlds/{world}/claims_by_k.csv", world=AGGREGATION_WORLDS),
    output:
        table="<results>/tables/aggregation/worlds.csv",
        findings="<results>/tables/aggregation/worlds.rst",
        provenance="<results>/tables/aggregation/worlds.json",
    log:
        "<logs>/collect_worlds.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        worlds=",".join(["this-world", *AGGREGATION_WORLDS]),
        code=code("stages.collect_worlds"),
    shell:
        "python -m rewardlab.stages.collect_worlds --tables {input.own} {input.others}"
        " --worlds {params.worlds} --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"


rule contrast_worlds:
    """Figure 12's contrast in every world of the policies."""
    input:
        tables=collect("<results>/worlds/{world}/fig12.csv", world=POLICY_WORLDS),
    output:
        table="<results>/tables/uncertainty/worlds.csv",
        findings="<results>/tables/uncertainty/worlds.rst",
        provenance="<results>/tables/uncertainty/worlds.json",
    log:
        "<logs>/contrast_worlds.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        worlds=",".join(POLICY_WORLDS),
        aware=SETTINGS.policies.aware,
        seed=seed("contrast_worlds"),
        code=code("stages.contrast_worlds"),
    shell:
        "python -m rewardlab.stages.contrast_worlds --seed {params.seed}"
        " --tables {input.tables} --worlds {params.worlds} --aware {params.aware}"
        " --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"
