"""Figure 1 of Reward Model Aggregation, and win rates against k."""

from collections.abc import Iterator

import pandas as pd

from rewardlab.evaluation.bestofk import AND, OR
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.evaluation.win_rates import SEVEN, at_shown_k, rates_in_words
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.aggregation import AggregationSettings

HELDOUT = """

This pool holds both sides of held-out preference pairs. With two responses there is nothing to \
compare the better one with and no median to centre on: k is 1, every method has the base \
model's win rate, and the claims need scale. What was tried here is the tool on real rewards; the \
responses that each method chooses stand beside it."""


def seven_methods(rates: pd.DataFrame, settings: AggregationSettings) -> tuple[pd.DataFrame, str]:
    """Return Figure 1: the seven methods at the shown k."""
    table = at_shown_k(rates, settings, ["rewards"])
    return table, rates_in_words(table)


def all_methods(rates: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the win rates of all methods at all k."""
    kept = rates.metric.isin((AND, OR)) & rates.scored_by.eq("rewards")
    table = rates[kept].reset_index(drop=True)
    lines = []
    for metric, rows in table[table.method.isin(SEVEN)].groupby("metric"):
        best = rows[rows.k.gt(1)].sort_values("win_rate").groupby("k").tail(1).sort_values("k")
        winners = ", ".join(f"{row.method} at k = {row.k}" for row in best.itertuples())
        if winners:
            lines.append(f"Highest {metric.upper()} win rate of the seven: {winners}.")
    lines += ties_in_words(rates)
    return table, "\n\n".join(lines) or "With one response to choose from, no method can differ."


def ties_in_words(rates: pd.DataFrame) -> Iterator[str]:
    """Yield how often responses of the base model tie: what AND and OR lack of 1 at k = 1.

    Of two responses in either order, AND and OR together count each property's wins, and so lack
    the mean of the properties' shares of ties.
    """
    alone = rates[rates.k.eq(1) & rates.metric.isin((AND, OR)) & rates.method.eq("sum")]
    for scored_by, rows in alone.groupby("scored_by", sort=False):
        total = rows.win_rate.sum()
        yield (
            f"At k = 1, by the {scored_by}, AND and OR add up to {total:.1%}: the other "
            f"{1 - total:.1%} are ties, on average over the properties, which win nothing."
        )


@stage
def tabulate_win_rates(
    win_rates: Input,
    fig1: Output,
    fig1_findings: Output,
    by_k: Output,
    by_k_findings: Output,
    settings: AggregationSettings,
) -> None:
    """Figure 1, and win rates against k."""
    rates = read_csv(win_rates)
    for (table, text), path, findings in (
        (seven_methods(rates, settings), fig1, fig1_findings),
        (all_methods(rates), by_k, by_k_findings),
    ):
        write_csv(table, path)
        findings.write_text(text + (HELDOUT if settings.source == "heldout" else "") + "\n")


if __name__ == "__main__":
    main(tabulate_win_rates)
