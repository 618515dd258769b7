"""Which closed form PPO with a weighted penalty arrives at, on responses of one token."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

LOOKS = {
    "reference": {"color": "0.6", "marker": "_", "ms": 11, "mew": 2},
    "true optimum": {"color": style.COLOURS["truth"], "marker": "^", "ms": 6},
    "as printed, equal penalty": {"color": style.COLOURS["printed"], "marker": "s", "ms": 5},
    "fixed point of PPO": {
        "color": style.COLOURS["exact"],
        "marker": "o",
        "ms": 10,
        "mfc": "none",
        "mew": 1.5,
    },
    "trained by PPO": {"color": "black", "marker": "x", "ms": 6, "mew": 1.5},
}

WEIGHTS = {
    0: "unweighted penalty",
    1: "penalty weighted by σ",
    2: "penalty weighted by σ²",
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per case, exponent, policy and arm: probability, reward, deviation, distance."""
    cases = list(table.groupby(["case", "exponent"], sort=False))
    figure, panels = style.new_figure(
        columns=2, rows=(len(cases) + 1) // 2, height=5.4, sharex=True, squeeze=False
    )
    for panel, ((case, exponent), rows) in zip(panels.flat, cases, strict=False):
        order = rows.drop_duplicates("arm").sort_values("deviation").arm.tolist()
        for name, look in LOOKS.items():
            policy_rows = rows[rows.policy.eq(name)].set_index("arm").loc[order]
            panel.plot(range(len(order)), policy_rows.probability, ls="none", label=name, **look)
        far = rows.drop_duplicates("policy").set_index("policy").distance
        panel.set_title(f"{case}, {WEIGHTS.get(exponent, f'penalty weighted by σ^{exponent:g}')}")
        panel.annotate(
            f"distance from PPO: fixed point {far['fixed point of PPO']:.3f}, "
            f"optimum {far['true optimum']:.3f}",
            (0.02, 0.96),
            xycoords="axes fraction",
            fontsize=7.5,
            va="top",
        )
        panel.set_ylim(0, rows.probability.max() * 1.25)
        deviations = rows.drop_duplicates("arm").set_index("arm").deviation.loc[order]
        panel.set_xticks(range(len(order)), [f"{value:.1f}" for value in deviations])
        panel.set_ylabel("probability")
    for panel in panels.flat[len(cases) :]:
        panel.set_visible(False)
    for panel in panels[-1]:
        panel.set_xlabel("responses, by their standard deviation σ")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    render(draw)
