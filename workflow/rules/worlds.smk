"""Claims tried again: in other worlds, against other heads, with other settings of PPO."""

from rewardlab import inputs
from rewardlab.evaluation.contrasts import CONFIRMATION

COMBINING, CONFIRMING, VARIANTS, EXPLOITABLE = (
    [name for name in getattr(SETTINGS.extended, key) if name in WORLDS] for key in OVERLAYS
)
LISTED = COMBINING + CONFIRMING + VARIANTS + EXPLOITABLE
POLICY_WORLDS = [name for name in WORLDS if name not in LISTED]
EXPLOITABLE_RUNS = [SETTINGS.scale, *(WORLDS[name].scale for name in EXPLOITABLE)]
# What is decided again in other worlds: chapter -> the worlds.
DECIDED = {"aggregation": COMBINING}
if SAMPLED and GOLD:
    DECIDED |= {"aggregation_theorem": COMBINING}
if GOLD:
    DECIDED |= {"transforming_utility": COMBINING, "transforming": COMBINING + EXPLOITABLE}
RUN_OF = {"this-world": SETTINGS.scale} | {name: world.scale for name, world in WORLDS.items()}
# What Figure 12's contrast is told of, by item: world -> the kind that it is pooled with.
CONTRASTS = {
    "confirmation": {
        "this-world": "this world (exploratory)",
        **dict.fromkeys(CONFIRMING, CONFIRMATION),
        **{name: name for name in VARIANTS},
    },
    "worlds": {name: name.split("-", 2)[2] for name in POLICY_WORLDS},
}


use rule job as tabulate_combining_worlds with:
    """The claims about combining rewards in this world and in others."""
    input:
        tables=expand(
            "results/{of_run}/tables/aggregation/claims_by_k.csv",
            of_run=[SETTINGS.scale, *(WORLDS[name].scale for name in COMBINING)],
        ),
    output:
        **table("aggregation/worlds"),
    log:
        "<logs>/tabulate_combining_worlds.log",
    params:
        **stage("aggregation.tabulate_worlds", worlds=["this-world", *COMBINING]),


use rule figure as draw_aggregation_worlds with:
    """The claims about combining rewards in several worlds, by k."""
    pathvars:
        item="aggregation/worlds",
    params:
        **figure(
            "aggregation.claims_by_world",
            AGGREGATION,
            "Claims in several worlds",
            when=bool(COMBINING),
            extended=True,
        ),


use rule job as contrast_worlds with:
    """Figure 12's contrast in several worlds, each and together."""
    input:
        policies=lambda wildcards: [
            f"results/{RUN_OF[name]}/policies/fig12.csv" for name in CONTRASTS[wildcards.item]
        ],
    output:
        **table("uncertainty/{item}"),
    log:
        "<logs>/contrast_{item}.log",
    wildcard_constraints:
        item="|".join(CONTRASTS),
    params:
        **stage(
            "policies.contrast_worlds",
            settings={"variance_aware": "policies.variance_aware"},
            worlds=lambda config, wildcards: CONTRASTS[wildcards.item],
            nested=inputs.nested_experiments,
        ),


use rule figure as draw_uncertainty_confirmation with:
    """Figure 12's contrast where it is confirmed: worlds that nobody had run, and the paper's heads."""
    pathvars:
        item="uncertainty/confirmation",
    params:
        **figure(
            "uncertainty.policy_worlds",
            UNCERTAINTY,
            "Figure 12 confirmed",
            when=GOLD and bool(CONFIRMING),
            extended=True,
        ),


use rule figure as draw_uncertainty_worlds with:
    """Figure 12's contrast in other worlds, by kind of dialect."""
    pathvars:
        item="uncertainty/worlds",
    params:
        **figure(
            "uncertainty.policy_worlds",
            UNCERTAINTY,
            "Contrast in many worlds",
            when=GOLD and bool(POLICY_WORLDS),
            extended=True,
        ),


use rule job as collect_claims_by_world with:
    """The claims that other worlds tried again, decided in each."""
    input:
        combining=[
            f"results/{WORLDS[name].scale}/claims/{chapter}.csv"
            for chapter, names in DECIDED.items()
            for name in names
        ],
        confirming=[
            f"results/{WORLDS[name].scale}/claims/policies.csv" for name in CONFIRMING if GOLD
        ],
        together=(["<results>/tables/uncertainty/confirmation.csv"] if CONFIRMING and GOLD else []),
    output:
        table=report("<results>/claims_by_world.csv", **ITEM),
        findings="<results>/claims_by_world.rst",
        provenance="<results>/claims_by_world.json",
    log:
        "<logs>/claims_by_world.log",
    params:
        **shown(
            CLAIMS,
            "Claims in other worlds",
            when=bool(COMBINING + CONFIRMING + EXPLOITABLE),
            extended=True,
        ),
        **stage(
            "claims.collect_worlds",
            ledger=LEDGER,
            printed=PRINTED,
            worlds=[
                *(name for names in DECIDED.values() for name in names),
                *(name for name in CONFIRMING if GOLD),
            ],
        ),
        hashes=[file_hash(Path(file)) for file in (LEDGER, PRINTED)],


use rule job as tabulate_transforming_hacking_worlds with:
    """The hacking of rewards in this world and where reward models are easier to exploit."""
    input:
        policies=[
            f"results/{run}/transforming/policies_{name}.parquet"
            for run in EXPLOITABLE_RUNS
            for name in [*SETTINGS.transforming.single, *SETTINGS.transforming.combined]
        ],
        exact=[
            f"results/{run}/transforming/exact_{name}.parquet"
            for run in EXPLOITABLE_RUNS
            for name in [*SETTINGS.transforming.single, *SETTINGS.transforming.combined]
        ],
    output:
        **table("transforming/hacking_worlds"),
    log:
        "<logs>/tabulate_transforming_hacking_worlds.log",
    params:
        **stage(
            "transforming.tabulate_hacking",
            experiments=[
                f"{name}, {world}"
                for world in ["this world", *EXPLOITABLE]
                for name in [*SETTINGS.transforming.single, *SETTINGS.transforming.combined]
            ],
        ),


use rule figure as draw_transforming_hacking_worlds with:
    """Reward hacking, also where reward models are easier to exploit."""
    pathvars:
        item="transforming/hacking_worlds",
    params:
        **figure(
            "transforming.hacking",
            TRANSFORMING,
            "Reward hacking in other worlds",
            when=GOLD and bool(EXPLOITABLE),
            extended=True,
        ),
