rule draw_figure:
    """A figure from its table; the figures' own rules inherit from this one."""
    input:
        table="<results>/tables/{paper}/{item}.csv",
        findings="<results>/tables/{paper}/{item}.rst",
    output:
        svg="<figures>/{paper}/{item}.svg",
        png="<figures>/{paper}/{item}.png",
    log:
        "<logs>/draw/{paper}_{item}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        module="none",
        code={},
    shell:
        "python -m rewardlab.figures.{params.module} --table {input.table}"
        " --svg {output.svg} --png {output.png} --log {log}"


use rule draw_figure as uncertainty_fig2 with:
    """Figure 2: a bandit whose worst arm has the best estimate, and two policies."""
    input:
        table="<results>/tables/uncertainty/fig2.csv",
        findings="<results>/tables/uncertainty/fig2.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig2.svg",
            caption="../report/uncertainty_fig2.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 2"},
        ),
        png="<figures>/uncertainty/fig2.png",
    log:
        "<logs>/uncertainty_fig2.log",
    params:
        module="uncertainty_fig2",
        code=code("figures.uncertainty_fig2"),


use rule draw_figure as uncertainty_fig3 with:
    """Figure 3: returns where the variances of the estimates differ much."""
    input:
        table="<results>/tables/uncertainty/fig3.csv",
        findings="<results>/tables/uncertainty/fig3.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig3.svg",
            caption="../report/uncertainty_fig3.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 3"},
        ),
        png="<figures>/uncertainty/fig3.png",
    log:
        "<logs>/uncertainty_fig3.log",
    params:
        module="return_histograms",
        code=code("figures.return_histograms"),


use rule draw_figure as uncertainty_fig4 with:
    """Figure 4: returns where the variances of the estimates are alike."""
    input:
        table="<results>/tables/uncertainty/fig4.csv",
        findings="<results>/tables/uncertainty/fig4.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig4.svg",
            caption="../report/uncertainty_fig4.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 4"},
        ),
        png="<figures>/uncertainty/fig4.png",
    log:
        "<logs>/uncertainty_fig4.log",
    params:
        module="return_histograms",
        code=code("figures.return_histograms"),


use rule draw_figure as uncertainty_theorems with:
    """Theorems 2.2, 3.3 and 3.6, checked by computation."""
    input:
        table="<results>/tables/uncertainty/theorems.csv",
        findings="<results>/tables/uncertainty/theorems.rst",
    output:
        svg=report(
            "<figures>/uncertainty/theorems.svg",
            caption="../report/uncertainty_theorems.rst",
            category=UNCERTAINTY,
            labels={"item": "Theorems 2.2, 3.3, 3.6"},
        ),
        png="<figures>/uncertainty/theorems.png",
    log:
        "<logs>/uncertainty_theorems.log",
    params:
        module="uncertainty_theorems",
        code=code("figures.uncertainty_theorems"),


use rule draw_figure as uncertainty_fig1 with:
    """Figure 1: the heads' rewards of one response."""
    input:
        table="<results>/tables/uncertainty/fig1.csv",
        findings="<results>/tables/uncertainty/fig1.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig1.svg",
            caption="../report/uncertainty_fig1.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 1"},
        ),
        png="<figures>/uncertainty/fig1.png",
    log:
        "<logs>/uncertainty_fig1.log",
    params:
        module="uncertainty_fig1",
        code=code("figures.uncertainty_fig1"),


use rule draw_figure as uncertainty_fig6 with:
    """Figure 6: variances over heads, by set."""
    input:
        table="<results>/tables/uncertainty/fig6.csv",
        findings="<results>/tables/uncertainty/fig6.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig6.svg",
            caption="../report/uncertainty_fig6.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 6"},
        ),
        png="<figures>/uncertainty/fig6.png",
    log:
        "<logs>/uncertainty_fig6.log",
    params:
        module="uncertainty_fig6",
        code=code("figures.uncertainty_fig6"),


use rule draw_figure as uncertainty_fig8 with:
    """Figure 8: training losses of the single model and of the heads."""
    input:
        table="<results>/tables/uncertainty/fig8.csv",
        findings="<results>/tables/uncertainty/fig8.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig8.svg",
            caption="../report/uncertainty_fig8.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 8"},
        ),
        png="<figures>/uncertainty/fig8.png",
    log:
        "<logs>/uncertainty_fig8.log",
    params:
        module="uncertainty_fig8",
        code=code("figures.uncertainty_fig8"),


use rule draw_figure as uncertainty_fig9 with:
    """Figure 9: accuracies of the heads and of the single model."""
    input:
        table="<results>/tables/uncertainty/fig9.csv",
        findings="<results>/tables/uncertainty/fig9.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig9.svg",
            caption="../report/uncertainty_fig9.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 9"},
        ),
        png="<figures>/uncertainty/fig9.png",
    log:
        "<logs>/uncertainty_fig9.log",
    params:
        module="uncertainty_fig9",
        code=code("figures.uncertainty_fig9"),


use rule draw_figure as world_overview with:
    """The embedded world: sample texts, gold rewards, coverage."""
    input:
        table="<results>/tables/world/overview.csv",
        findings="<results>/tables/world/overview.rst",
    output:
        svg=report(
            "<figures>/world/overview.svg",
            caption="../report/world_overview.rst",
            category=WORLD,
            labels={"item": "Overview"},
        ),
        png="<figures>/world/overview.png",
    log:
        "<logs>/world_overview.log",
    params:
        module="world_overview",
        code=code("figures.world_overview"),


use rule draw_figure as rewards_heldout with:
    """Held-out accuracy of reward models and ensembles, beside two baselines."""
    input:
        table="<results>/tables/rewards/heldout.csv",
        findings="<results>/tables/rewards/heldout.rst",
    output:
        svg=report(
            "<figures>/rewards/heldout.svg",
            caption="../report/rewards_heldout.rst",
            category=REWARDS,
            labels={"item": "Held-out accuracy"},
        ),
        png="<figures>/rewards/heldout.png",
    log:
        "<logs>/rewards_heldout.log",
    params:
        module="rewards_heldout",
        code=code("figures.rewards_heldout"),


use rule draw_figure as aggregation_fig1 with:
    """Aggregation Figure 1: AND and OR win rates of seven methods."""
    input:
        table="<results>/tables/aggregation/fig1.csv",
        findings="<results>/tables/aggregation/fig1.rst",
    output:
        svg=report(
            "<figures>/aggregation/fig1.svg",
            caption="../report/aggregation_fig1.rst",
            category=AGGREGATION,
            labels={"item": "Figure 1"},
        ),
        png="<figures>/aggregation/fig1.png",
    log:
        "<logs>/aggregation_fig1.log",
    params:
        module="win_rate_bars",
        code=code("figures.win_rate_bars"),


use rule draw_figure as aggregation_by_k with:
    """Win rates of all combinations against k."""
    input:
        table="<results>/tables/aggregation/by_k.csv",
        findings="<results>/tables/aggregation/by_k.rst",
    output:
        svg=report(
            "<figures>/aggregation/by_k.svg",
            caption="../report/aggregation_by_k.rst",
            category=AGGREGATION,
            labels={"item": "Win rate by k"},
        ),
        png="<figures>/aggregation/by_k.png",
    log:
        "<logs>/aggregation_by_k.log",
    params:
        module="win_rates_by_k",
        code=code("figures.win_rates_by_k"),


use rule draw_figure as aggregation_judge with:
    """Aggregation Figure 1, scored by the judge as well."""
    input:
        table="<results>/tables/aggregation/judge.csv",
        findings="<results>/tables/aggregation/judge.rst",
    output:
        svg=report(
            "<figures>/aggregation/judge.svg",
            caption="../report/aggregation_judge.rst",
            category=AGGREGATION,
            labels={"item": "Figure 1 by the judge"},
        ),
        png="<figures>/aggregation/judge.png",
    log:
        "<logs>/aggregation_judge.log",
    params:
        module="win_rate_bars",
        code=code("figures.win_rate_bars"),


use rule draw_figure as aggregation_reference with:
    """Predicted against oracle medians."""
    input:
        table="<results>/tables/aggregation/reference.csv",
        findings="<results>/tables/aggregation/reference.rst",
    output:
        svg=report(
            "<figures>/aggregation/reference.svg",
            caption="../report/aggregation_reference.rst",
            category=AGGREGATION,
            labels={"item": "Reference rewards"},
        ),
        png="<figures>/aggregation/reference.png",
    log:
        "<logs>/aggregation_reference.log",
    params:
        module="aggregation_reference",
        code=code("figures.aggregation_reference"),


use rule draw_figure as aggregation_worlds with:
    """The claims about combining rewards in several worlds, by k."""
    input:
        table="<results>/tables/aggregation/worlds.csv",
        findings="<results>/tables/aggregation/worlds.rst",
    output:
        svg=report(
            "<figures>/aggregation/worlds.svg",
            caption="../report/aggregation_worlds.rst",
            category=AGGREGATION,
            labels={"item": "Claims in several worlds"},
        ),
        png="<figures>/aggregation/worlds.png",
    log:
        "<logs>/aggregation_worlds.log",
    params:
        module="aggregation_worlds",
        code=code("figures.aggregation_worlds"),


use rule draw_figure as uncertainty_fig7 with:
    """Figure 7: judged rewards of forty policies of each method."""
    input:
        table="<results>/tables/uncertainty/fig7.csv",
        findings="<results>/tables/uncertainty/fig7.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig7.svg",
            caption="../report/uncertainty_fig7.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 7"},
        ),
        png="<figures>/uncertainty/fig7.png",
    log:
        "<logs>/uncertainty_fig7.log",
    params:
        module="policy_rewards",
        code=code("figures.policy_rewards"),


use rule draw_figure as uncertainty_fig12 with:
    """Figure 12: judged rewards of a hundred policies of each method."""
    input:
        table="<results>/tables/uncertainty/fig12.csv",
        findings="<results>/tables/uncertainty/fig12.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig12.svg",
            caption="../report/uncertainty_fig12.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 12"},
        ),
        png="<figures>/uncertainty/fig12.png",
    log:
        "<logs>/uncertainty_fig12.log",
    params:
        module="policy_rewards",
        code=code("figures.policy_rewards"),


use rule draw_figure as uncertainty_fig10 with:
    """Figure 10: the KL divergence over training."""
    input:
        table="<results>/tables/uncertainty/fig10.csv",
        findings="<results>/tables/uncertainty/fig10.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig10.svg",
            caption="../report/uncertainty_fig10.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 10"},
        ),
        png="<figures>/uncertainty/fig10.png",
    log:
        "<logs>/uncertainty_fig10.log",
    params:
        module="training_curves",
        code=code("figures.training_curves"),


use rule draw_figure as uncertainty_fig11 with:
    """Figure 11: the proxy reward over training."""
    input:
        table="<results>/tables/uncertainty/fig11.csv",
        findings="<results>/tables/uncertainty/fig11.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fig11.svg",
            caption="../report/uncertainty_fig11.rst",
            category=UNCERTAINTY,
            labels={"item": "Figure 11"},
        ),
        png="<figures>/uncertainty/fig11.png",
    log:
        "<logs>/uncertainty_fig11.log",
    params:
        module="training_curves",
        code=code("figures.training_curves"),


use rule draw_figure as uncertainty_search with:
    """The search for the KL coefficients that reach the target."""
    input:
        table="<results>/tables/uncertainty/search.csv",
        findings="<results>/tables/uncertainty/search.rst",
    output:
        svg=report(
            "<figures>/uncertainty/search.svg",
            caption="../report/uncertainty_search.rst",
            category=UNCERTAINTY,
            labels={"item": "KL coefficients"},
        ),
        png="<figures>/uncertainty/search.png",
    log:
        "<logs>/uncertainty_search.log",
    params:
        module="beta_search",
        code=code("figures.beta_search"),


use rule draw_figure as uncertainty_fixed_point with:
    """Where PPO with a weighted penalty comes to rest, on responses of one token."""
    input:
        table="<results>/tables/uncertainty/fixed_point.csv",
        findings="<results>/tables/uncertainty/fixed_point.rst",
    output:
        svg=report(
            "<figures>/uncertainty/fixed_point.svg",
            caption="../report/uncertainty_fixed_point.rst",
            category=UNCERTAINTY,
            labels={"item": "Fixed point of PPO"},
        ),
        png="<figures>/uncertainty/fixed_point.png",
    log:
        "<logs>/uncertainty_fixed_point.log",
    params:
        module="fixed_point",
        code=code("figures.fixed_point"),


use rule draw_figure as uncertainty_methods with:
    """All penalties at the same divergence."""
    input:
        table="<results>/tables/uncertainty/methods.csv",
        findings="<results>/tables/uncertainty/methods.rst",
    output:
        svg=report(
            "<figures>/uncertainty/methods.svg",
            caption="../report/uncertainty_methods.rst",
            category=UNCERTAINTY,
            labels={"item": "All penalties"},
        ),
        png="<figures>/uncertainty/methods.png",
    log:
        "<logs>/uncertainty_methods.log",
    params:
        module="methods",
        code=code("figures.methods"),


use rule draw_figure as uncertainty_frontier with:
    """Judged reward, proxy reward and variance against the divergence."""
    input:
        table="<results>/tables/uncertainty/frontier.csv",
        findings="<results>/tables/uncertainty/frontier.rst",
    output:
        svg=report(
            "<figures>/uncertainty/frontier.svg",
            caption="../report/uncertainty_frontier.rst",
            category=UNCERTAINTY,
            labels={"item": "Frontier"},
        ),
        png="<figures>/uncertainty/frontier.png",
    log:
        "<logs>/uncertainty_frontier.log",
    params:
        module="frontier",
        code=code("figures.frontier"),


use rule draw_figure as uncertainty_worlds with:
    """Figure 12's contrast in many worlds."""
    input:
        table="<results>/tables/uncertainty/worlds.csv",
        findings="<results>/tables/uncertainty/worlds.rst",
    output:
        svg=report(
            "<figures>/uncertainty/worlds.svg",
            caption="../report/uncertainty_worlds.rst",
            category=UNCERTAINTY,
            labels={"item": "Contrast in many worlds"},
        ),
        png="<figures>/uncertainty/worlds.png",
    log:
        "<logs>/uncertainty_worlds.log",
    params:
        module="policy_worlds",
        code=code("figures.policy_worlds"),
