"""Figure 2: rewards, estimates and intervals of three arms, and what two policies make of them."""

import pandas as pd
from matplotlib.figure import Figure

from rewardlab.figures import style
from rewardlab.figures.render import render

POLICIES = {
    "reference": style.COLOURS["reference"],
    "naive": style.COLOURS["variance-unaware"],
    "conservative": style.COLOURS["variance-aware"],
}


def draw(table: pd.DataFrame) -> Figure:
    """table: a row per arm with rewards, estimate, interval, and each policy's probability."""
    figure, (rewards, policies) = style.new_figure(columns=2, height=3.0)
    arms = table.arm.to_numpy()
    error = [table.estimate - table.interval_low, table.interval_high - table.estimate]
    rewards.errorbar(
        arms,
        table.estimate,
        yerr=error,
        fmt="o",
        capsize=5,
        color=style.COLOURS["variance-unaware"],
        label="estimate, ± 2 standard deviations",
    )
    rewards.plot(
        arms, table.true_reward, "D", color=style.COLOURS["truth"], ms=7, label="true reward"
    )
    rewards.set(xlabel="arm", ylabel="reward", xticks=arms, xlim=(0.5, 3.5), ylim=(0, 8))
    rewards.legend(loc="upper right")
    rewards.set_title("a  The worst arm has the best estimate")

    for number, (name, colour) in enumerate(POLICIES.items()):
        value = (table[name] * table.true_reward).sum()
        positions = arms + 0.27 * (number - 1)
        label = f"{name}: true return {value:.2f}"
        policies.bar(positions, table[name], width=0.25, color=colour, label=label)
    policies.set(xlabel="arm", ylabel="probability", xticks=arms, ylim=(0, 1.1))
    policies.legend(loc="upper center")
    policies.set_title("b  Policies at equal KL from the reference")
    return figure


if __name__ == "__main__":
    render(draw)
