"""Closed-form policies: Figures 2 to 4 and the theorems of the uncertainty paper."""


use rule job as simulate_bandit with:
    """Figure 2's table: three arms and what two policies make of them."""
    output:
        **table("uncertainty/fig2"),
    log:
        "<logs>/simulate_bandit.log",
    params:
        **stage("simulation.bandit", settings="simulation.bandit"),


use rule figure as draw_uncertainty_fig2 with:
    """Figure 2: a bandit whose worst arm has the best estimate, and two policies."""
    pathvars:
        item="uncertainty/fig2",
    params:
        **figure("uncertainty.bandit", UNCERTAINTY, "Figure 2"),


use rule job as simulate_returns with:
    """Figure 3's or 4's table: returns of both closed-form policies."""
    output:
        table="<results>/tables/uncertainty/{item}.csv",
        moments="<results>/tables/uncertainty/{item}_moments.csv",
        findings="<results>/tables/uncertainty/{item}.rst",
        provenance="<results>/tables/uncertainty/{item}.json",
    log:
        "<logs>/simulate_returns_{item}.log",
    wildcard_constraints:
        item="fig3|fig4",
    params:
        **stage(
            "simulation.returns",
            settings="simulation.returns",
            seed=["simulate_returns", "{item}"],
            variability=lambda config, wildcards: {
                "fig3": "high_variability",
                "fig4": "low_variability",
            }[wildcards.item],
        ),


use rule figure as draw_uncertainty_fig3 with:
    """Figure 3: returns where the variances of the estimates differ much."""
    pathvars:
        item="uncertainty/fig3",
    params:
        **figure("uncertainty.return_histograms", UNCERTAINTY, "Figure 3"),


use rule figure as draw_uncertainty_fig4 with:
    """Figure 4: returns where the variances of the estimates are alike."""
    pathvars:
        item="uncertainty/fig4",
    params:
        **figure("uncertainty.return_histograms", UNCERTAINTY, "Figure 4"),


use rule job as join_returns with:
    """Figure 5's table: the returns of Figures 3 and 4."""
    input:
        returns=expand("<results>/tables/uncertainty/{item}.csv", item=["fig3", "fig4"]),
        moments=expand("<results>/tables/uncertainty/{item}_moments.csv", item=["fig3", "fig4"]),
    output:
        **table("uncertainty/fig5"),
    log:
        "<logs>/join_returns.log",
    params:
        **stage(
            "simulation.join_returns",
            settings=lambda config, wildcards: {
                "Figure 3": "variances differ much",
                "Figure 4": "variances are alike",
            },
        ),


use rule figure as draw_uncertainty_fig5 with:
    """Figure 5: the return distributions of Figures 3 and 4 together."""
    pathvars:
        item="uncertainty/fig5",
    params:
        **figure("uncertainty.return_histograms", UNCERTAINTY, "Figure 5"),


use rule job as simulate_constraints with:
    """Spreads of both methods' returns under the other constraints of Remark 2.3."""
    output:
        **table("uncertainty/constraints"),
    log:
        "<logs>/simulate_constraints.log",
    params:
        **stage(
            "simulation.constraints",
            settings={"settings": "simulation.constraints", "returns": "simulation.returns"},
            seed=["simulate_constraints"],
        ),


use rule figure as draw_uncertainty_constraints with:
    """Figures 3 and 4 under other constraints: the Fisher metric, and none."""
    pathvars:
        item="uncertainty/constraints",
    params:
        **figure("uncertainty.constraints", UNCERTAINTY, "Other constraints"),


use rule job as check_theorems with:
    """The table of Theorems 2.2, 3.3 and 3.6, each checked by computation."""
    output:
        **table("uncertainty/theorems"),
    log:
        "<logs>/check_theorems.log",
    params:
        **stage("simulation.theorems", settings="simulation.theorems", seed=["check_theorems"]),


use rule figure as draw_uncertainty_theorems with:
    """Theorems 2.2, 3.3 and 3.6, checked by computation."""
    pathvars:
        item="uncertainty/theorems",
    params:
        **figure("uncertainty.theorems", UNCERTAINTY, "Theorems 2.2, 3.3, 3.6"),
