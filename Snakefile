from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


pathvars:
    results=f"results/{SETTINGS.scale}",
    figures=f"figures/{SETTINGS.scale}",
    logs=f"logs/{SETTINGS.scale}",
    benchmarks=f"results/{SETTINGS.scale}/benchmarks",


localrules:
    all,
    extended,
    preferences,
    prompts,


rule all:
    """Every figure and table of the papers, and the claims."""
    default_target: True
    input:
        "<figures>/uncertainty/fig1.svg",
        "<figures>/uncertainty/fig2.svg",
        "<figures>/uncertainty/fig3.svg",
        "<figures>/uncertainty/fig4.svg",
        "<figures>/uncertainty/fig6.svg",
        "<figures>/uncertainty/fig8.svg",
        "<figures>/uncertainty/fig9.svg",
        "<figures>/uncertainty/fixed_point.svg",
        "<figures>/uncertainty/theorems.svg",
        "<results>/tables/uncertainty/table1.csv",
        "<results>/tables/uncertainty/tables2_5_measured.csv",
        *(POLICY_ITEMS if POLICIES else []),
        "<figures>/rewards/heldout.svg",
        collect("<figures>/aggregation/{item}.svg", item=AGGREGATION_ITEMS),
        "<figures>/world/overview.svg",
        "<results>/claims.csv",


rule extended:
    """All, and what goes beyond the papers."""
    input:
        rules.all.input,
        collect(
            "<figures>/uncertainty/{item}.svg", item=["methods", "frontier"] if POLICIES else []
        ),
        "<figures>/aggregation/worlds.svg" if AGGREGATION_WORLDS else [],
        "<figures>/uncertainty/worlds.svg" if POLICIES and POLICY_WORLDS else [],


include: "workflow/rules/data.smk"
include: "workflow/rules/world.smk"
include: "workflow/rules/reward_models.smk"
include: "workflow/rules/simulation.smk"
include: "workflow/rules/aggregation.smk"
include: "workflow/rules/policies.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/worlds.smk"
