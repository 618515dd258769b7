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
