rule run_world:
    """The claims about combining rewards in another world: a run of this workflow inside it."""
    input:
        # Not read: code that changes this world's table may change the other's.
        own="<results>/tables/aggregation/claims_by_k.csv",
    output:
        table="<results>/worlds/{world}/aggregation_claims_by_k.csv",
    log:
        "<logs>/run_world_{world}.log",
    wildcard_constraints:
        world=one_of(WORLDS),
    conda:
        "../../envs/environment.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        settings=lambda wildcards: json.dumps(
            {"config": WORLDS[wildcards.world].model_dump(mode="json")}, sort_keys=True
        ),
        code=code("stages.run_world"),
    shell:
        "python -m rewardlab.stages.run_world --settings {params.settings:q}"
        " --cores {threads} --table tables/aggregation/claims_by_k.csv --copy {output.table} --log {log}"


rule collect_worlds:
    """The claims about combining rewards in this world and in the others."""
    input:
        own="<results>/tables/aggregation/claims_by_k.csv",
        others=collect("<results>/worlds/{world}/aggregation_claims_by_k.csv", world=WORLDS),
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
        worlds=",".join(["this-world", *WORLDS]),
        code=code("stages.collect_worlds"),
    shell:
        "python -m rewardlab.stages.collect_worlds --tables {input.own} {input.others}"
        " --worlds {params.worlds} --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"
