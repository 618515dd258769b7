"""Decides in every other world the claims that it tried again, by the same rules."""

import pandas as pd

from rewardlab.evaluation.decisions import counts_in_words
from rewardlab.evaluation.findings import claims_table
from rewardlab.evaluation.ledger import Claim, read_ledger
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
    together = pd.concat(parts, ignore_index=True)[columns]
    order = {claim.id: place for place, claim in enumerate(claims)}
    return together.sort_values("id", key=lambda ids: ids.map(order), kind="stable")


@stage
def collect_worlds(
    ledger: Input,
    printed: Input,
    table: Output,
    findings: Output,
    worlds: list[str],
    combining: Inputs = (),
    confirming: Inputs = (),
) -> None:
    """The claims in other worlds; worlds: their names, those on combining rewards first."""
    measured = [read_csv(path) for path in (*combining, *confirming)]
    if not measured:
        raise UserError("there are no other worlds (extended.worlds, extended.confirmations).")
    found = by_world(read_ledger(ledger, printed), measured, worlds)
    write_csv(found, table)
    lines = [
        f"{name}: {counts_in_words(rows.verdict)}, in {len(rows)} worlds."
        for name, rows in found.groupby("id", sort=False)
    ]
    findings.write_text("\n\n".join(lines) + "\n")


if __name__ == "__main__":
    main(collect_worlds)
