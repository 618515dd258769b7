from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


localrules:
    all,
    extended,
    fetch,
    fetch_source,
    pin,
    preferences,
    prompts,
    results_page,
    transforming,
    verify,


rule all:
    """Every figure and table of the papers, and the claims."""
    default_target: True
    input:
        lambda wildcards: targets("all"),
        f"results/{SETTINGS.scale}/index.html",


rule extended:
    """All, and what goes beyond the papers."""
    input:
        lambda wildcards: targets("all") + targets("extended"),
        f"results/{SETTINGS.scale}/index.html",
        f"results/{SETTINGS.scale}/extended.html",


include: "workflow/rules/jobs.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/world.smk"
include: "workflow/rules/rewards.smk"
include: "workflow/rules/simulation.smk"
include: "workflow/rules/aggregation.smk"
include: "workflow/rules/policies.smk"
include: "workflow/rules/transforming.smk"
include: "workflow/rules/book.smk"
include: "workflow/rules/judging.smk"
include: "workflow/rules/regimes.smk"
include: "workflow/rules/causes.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/worlds.smk"


for item in workflow.rules:
    job_module = getattr(item.params, "module", None)
    if job_module in ASKS_A_SERVER:  # which has the model
        continue
    if job_module in ON_GPUS:
        item.resources["mem_mb"] = more(SETTINGS.memory)
    if cards := cards_of(job_module, SETTINGS.gpus):
        if SETTINGS.gres:  # and no gpu: Slurm's plugin would ask by both
            item.resources["gres"] = f"{SETTINGS.gres}:{cards}"
        else:
            item.resources["gpu"] = cards


# A rule with wildcards cannot be asked for by name: each of the report's items gets one that can,
# called as its rule without the first word.
for item in [item for item in workflow.rules if hasattr(item.params, "target")]:

    rule:
        name:
            item.name.partition("_")[2]
        input:
            file_of(item),

    workflow.get_rule(item.name.partition("_")[2]).docstring = item.docstring


try:
    asked = asked_for(sys.argv)
    made = [file.regex() for item in workflow.rules for file in item.output]
    files = [file_of(item) for item in workflow.rules if hasattr(item.params, "target")]
    plain = [item.name for item in workflow.rules if not item.has_wildcards()]
    check_targets(asked.targets, plain + files, made)
    check_targets(asked.others, [item.name for item in workflow.rules] + files, made)
except UserError as error:
    sys.exit(str(error))
