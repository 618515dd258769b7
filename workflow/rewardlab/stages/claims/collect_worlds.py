"""Decides in every other world the claims that it tried again, by the same rules."""

import pandas as pd

from rewardlab.evaluation.contrasts import CONFIRMATION, DIVERGENCE, GAIN, LOST, MEAN, POOLED, RATIO
from rewardlab.evaluation.decisions import Quantity, counts_in_words, decide, exact
from rewardlab.evaluation.findings import claims_table
from rewardlab.evaluation.ledger import Claim, read_ledger
from rewardlab.evaluation.paired_policies import EQUAL_KL
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Input, Inputs, Output, main, stage


def by_world(claims: list[Claim], measured: list[pd.DataFrame], worlds: list[str]) -> pd.DataFrame:
    """Return a row for each claim and world that measured it."""
    parts = []
    for world, findings in zip(worlds, measured, strict=True):
        tried = [claim for claim in claims if claim.id in set(findings.id)]
        parts.append(claims_table(tried, findings).assign(world=world))
    columns = ["id", "item", "world", "value", "ci_low", "ci_high", "verdict", "evidence"]
    return in_order(pd.concat(parts, ignore_index=True)[columns], claims)


def in_order(rows: pd.DataFrame, claims: list[Claim]) -> pd.DataFrame:
    """Return the rows in the ledger's order."""
    order = {claim.id: place for place, claim in enumerate(claims)}
    return rows.sort_values("id", key=lambda ids: ids.map(order), kind="stable")


def means_over_worlds(contrast: pd.DataFrame, claims: list[Claim]) -> pd.DataFrame:
    """Return U14b and U14c of the mean over the confirming worlds, by the rules of these claims.

    Means differ in divergence as their worlds do: the gain is that at equal divergence where their
    mean difference is more than EQUAL_KL.
    """
    rows = contrast[contrast.world.eq(POOLED) & contrast.kind.eq(CONFIRMATION)]
    if rows.empty:
        return pd.DataFrame()
    rows = rows.set_index("quantity")
    matched = abs(rows.value[DIVERGENCE]) <= EQUAL_KL
    lost = exact(rows.value[LOST])
    named = {
        "U14b": (RATIO, {"policies lost": {"": lost}}, "ratio"),
        "U14c": (GAIN if matched else f"{GAIN}, at equal KL", {}, "gain"),
    }
    found = []
    for claim in claims:
        if claim.id in named:
            quantity, also, name = named[claim.id]
            row = rows.loc[quantity]
            measured = Quantity(row.value, row.ci_low, row.ci_high)
            verdict = decide(claim.rule, {name: {"": measured}, **also})
            found.append((claim.id, claim.item, MEAN, *measured[:3], verdict, quantity))
    columns = ["id", "item", "world", "value", "ci_low", "ci_high", "verdict", "evidence"]
    return pd.DataFrame(found, columns=columns)


@stage
def collect_worlds(
    ledger: Input,
    printed: Input,
    table: Output,
    findings: Output,
    worlds: list[str],
    combining: Inputs = (),
    confirming: Inputs = (),
    together: Inputs = (),
) -> None:
    """The claims in other worlds; worlds: their names, in the order of what was measured in them;
    together: Figure 12's contrast, which has the mean over the confirming ones.
    """
    measured = [read_csv(path) for path in (*combining, *confirming)]
    if not measured:
        raise UserError(
            "there are no other worlds (extended.worlds, confirmations and exploitable)."
        )
    claims = read_ledger(ledger, printed)
    found = by_world(claims, measured, worlds)
    if together:
        found = pd.concat([found, means_over_worlds(read_csv(together[0]), claims)])
        found = in_order(found, claims)
    write_csv(found, table)
    lines = []
    for name, rows in found.groupby("id", sort=False):
        single = rows[rows.world.ne(MEAN)]
        line = f"{name}: {counts_in_words(single.verdict)}, in {len(single)} worlds"
        for row in rows[rows.world.eq(MEAN)].itertuples():
            line += (
                f"; {row.world} {row.value:.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}], "
                f"{row.verdict}"
            )
        lines.append(f"{line}.")
    findings.write_text("\n\n".join(lines) + "\n")


if __name__ == "__main__":
    main(collect_worlds)
