# A training that can is as many processes as the job has cards.
COMMAND = f"{PROCESSES}=${{{{{CARDS}:-{{resources.gpu}}}}}} "
COMMAND += "python -m rewardlab.job {params.module} {params.arguments} {params.files} --log {log}"


rule job:
    """A stage of the library; all rules inherit their command from this one."""
    output:
        "<results>/none",
    log:
        "<logs>/none.log",
    conda:
        ENVIRONMENT
    params:
        module="none",
        arguments="",
        files="",
        code={},
    shell:
        f"{COMMAND} --recorded-in results/{{wildcards.run}}/hashes"


use rule job as figure with:
    """A figure from its table; the rules of the figures inherit from this one."""
    input:
        table="<results>/tables/<item>.csv",
        findings="<results>/tables/<item>.rst",
    output:
        svg=report("<figures>/<item>.svg", **ITEM),
        png="<figures>/<item>.png",
    log:
        "<logs>/draw/<item>.log",
    pathvars:
        item="none/none",
    params:
        files=drawing,
