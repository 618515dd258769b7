"""The ledger: every claim that the workflow checks, and the rule that decides it.

What a paper prints stands in printed.yaml alone. The ledger names it by key: `{section.key}` in a
text, and `printed: section.key` in a bound, which is then half a unit of the last printed digit
around the value.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from rewardlab.evaluation.decisions import Rule
from rewardlab.evaluation.printed import filled, printed_value
from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError
from rewardlab.running.validation import describe


class Claim(NamedTuple):
    """A claim of a paper: what it says, what it prints, what a run measures and decides it by."""

    id: str
    paper: str
    item: str
    statement: str
    printed: str
    measured: str
    rule: Rule


def read_ledger(path: Path, printed: Path) -> list[Claim]:
    """Return the claims in the ledger's order; raises UserError on a missing or doubled entry."""
    values = read_yaml(printed)
    claims = []
    for paper, entries in read_yaml(path).items():
        for entry in entries:
            name = entry.get("id", "an entry without id")
            missing = {"id", "item", "statement", "printed", "measured", "decide"} - set(entry)
            if missing:
                raise UserError(f"{path}: {name} of {paper} lacks {', '.join(sorted(missing))}.")
            texts = (
                filled(str(entry[key]), values, f"{path}: {name}")
                for key in ("item", "statement", "printed", "measured")
            )
            rule = _rule(entry["decide"], values, f"{path}: {name}")
            claims.append(Claim(entry["id"], paper, *texts, rule))
    ids = [claim.id for claim in claims]
    doubled = {name for name in ids if ids.count(name) > 1}
    if doubled:
        raise UserError(f"{path}: the id {', '.join(sorted(doubled))} stands more than once.")
    return claims


def _rule(entry: dict[str, Any], values: Any, origin: str) -> Rule:
    """Return the rule, bounds to printed values resolved; raises UserError if it is none."""
    resolved = {
        kind: [_bound(bound, values, origin) for bound in value]
        if isinstance(value, list)
        else value
        for kind, value in entry.items()
    }
    try:
        return Rule.model_validate(resolved, strict=False)
    except ValidationError as error:
        raise UserError(f"{origin}, decide: {describe(error)}") from None


def _bound(bound: dict[str, Any], values: Any, origin: str) -> dict[str, Any]:
    resolved = {key: value for key, value in bound.items() if key != "printed"}
    for side in ("above", "below"):
        if isinstance(resolved.get(side), str):
            resolved[side] = printed_value(values, resolved[side], origin)
    if "printed" in bound:
        printed = printed_value(values, bound["printed"], origin)
        value = Decimal(str(printed))  # quoted in printed.yaml where its last digit is 0
        half = Decimal(5).scaleb(value.as_tuple().exponent - 1)
        resolved["above"], resolved["below"] = float(value - half), float(value + half)
    return resolved
