"""What the variance of reward models comes from: models and heads that differ in one thing."""

from rewardlab import inputs
from rewardlab.seeds import derive_seed


use rule job as split_variance with:
    """A group of whole models and of heads, and the components of their variance."""
    input:
        trunk=REWARD_TRUNK,
        preferences=RUNS.path("<results>/preferences/{config.rewards.shown}.parquet"),
        responses=f"<results>/responses/{BENCHMARK}.parquet",
    output:
        **recorded(
            components="<results>/causes/{group}.csv", means="<results>/causes/{group}.parquet"
        ),
    log:
        "<logs>/split_variance_{group}.log",
    wildcard_constraints:
        group=r"\d+",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "rewards.split_variance",
            settings={
                "settings": "causes",
                "model": "rewards.model",
                "ensemble": "rewards.ensemble",
                "features": "rewards.features",
                "max_length": "rewards.max_length",
            },
            seed=["split_variance", "{group}"],
            responses_seed=lambda config, wildcards: derive_seed(config.seed, "split_variance"),
        ),


use rule job as tabulate_causes with:
    """Shares of the variance by cause, and the claim on them."""
    input:
        components=RUNS.paths("<results>/causes/{group}.csv", group=inputs.groups_of_causes),
        means=RUNS.paths("<results>/causes/{group}.parquet", group=inputs.groups_of_causes),
    output:
        **table("uncertainty/causes"),
        claims="<results>/claims/causes.csv",
    log:
        "<logs>/tabulate_causes.log",
    params:
        **stage("rewards.tabulate_causes"),


use rule figure as draw_uncertainty_causes with:
    """What the variance of reward models comes from."""
    pathvars:
        item="uncertainty/causes",
    params:
        **figure("uncertainty.causes", UNCERTAINTY, "Causes of variance", extended=True),
