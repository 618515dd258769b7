"""What chapters found, and the table of claims that the ledger decides from it."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from rewardlab.evaluation.decisions import NOT_RUN, Quantities, Quantity, decide
from rewardlab.evaluation.ledger import Claim
from rewardlab.running.errors import UserError

COLUMNS = (
    "id",
    "paper",
    "item",
    "statement",
    "printed",
    "value",
    "ci_low",
    "ci_high",
    "verdict",
    "evidence",
)


class Finding(NamedTuple):
    """What a chapter found for one claim.

    shown: the name and key of the quantity that stands in the claims table, or the quantity itself
    where it takes no part in the decision.
    """

    id: str
    quantities: Quantities
    shown: tuple[str, str] | Quantity
    evidence: str

    @property
    def value(self) -> Quantity:
        """Return the quantity that stands in the claims table."""
        if isinstance(self.shown, Quantity):
            return self.shown
        name, key = self.shown
        return self.quantities[name][key]


def findings_table(findings: list[Finding]) -> pd.DataFrame:
    """Return a row for each quantity of each finding; the shown one has no name if it decides
    nothing."""
    rows = []
    for finding in findings:
        listed = [
            (name, key, quantity, (name, key) == finding.shown)
            for name, by_key in finding.quantities.items()
            for key, quantity in by_key.items()
        ]
        if isinstance(finding.shown, Quantity):
            listed.append(("", "", finding.shown, True))
        rows += [
            (finding.id, name, key, *quantity, shown, finding.evidence)
            for name, key, quantity, shown in listed
        ]
    columns = [
        "id",
        "quantity",
        "on",
        "value",
        "ci_low",
        "ci_high",
        "exact",
        "shown",
        "evidence",
    ]
    return pd.DataFrame(rows, columns=columns)


def write_findings(findings: list[Finding], path: Path) -> None:
    """Write what a chapter found, with every digit: verdicts are decided from it."""
    table = findings_table(findings)
    table.to_csv(path, index=False, float_format="%.17g", lineterminator="\n")


def claims_table(claims: list[Claim], findings: pd.DataFrame) -> pd.DataFrame:
    """Return a row per claim, decided; those that no chapter measured have the verdict `not run`.

    findings: as from `findings_table`. Raises UserError on an id that the ledger does not have, or
    if a chapter did not measure what a rule names.
    """
    unknown = set(findings.id) - {claim.id for claim in claims}
    if unknown:
        raise UserError(
            f"a chapter measured {', '.join(sorted(unknown))}, which is not in the ledger."
        )
    by_claim = dict(list(findings.groupby("id")))
    rows = []
    for claim in claims:
        row = {name: getattr(claim, name) for name in COLUMNS[:5]} | {"verdict": NOT_RUN}
        if claim.id in by_claim:
            found = by_claim[claim.id]
            shown = found[found.shown].iloc[0]
            row |= {name: shown[name] for name in ("value", "ci_low", "ci_high", "evidence")}
            row["verdict"] = _decided(claim, found)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _decided(claim: Claim, found: pd.DataFrame) -> str:
    quantities: dict[str, dict[str, Quantity]] = {}
    for row in found[found.quantity.notna() & found.quantity.ne("")].itertuples():
        quantity = Quantity(row.value, row.ci_low, row.ci_high, row.exact)
        quantities.setdefault(row.quantity, {})[str(row.on)] = quantity
    try:
        return decide(claim.rule, quantities)
    except KeyError as error:
        raise UserError(
            f"the rule of {claim.id} names {error}, which its chapter did not measure."
        ) from None
