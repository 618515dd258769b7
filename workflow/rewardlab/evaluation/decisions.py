"""What decides a claim: named quantities with intervals, held to the bounds of the ledger.

One function, `decide`, gives every verdict. A bound is met, missed, or open where the interval
covers both answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from rewardlab.settings.types import Number, SettingsModel

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
INCONCLUSIVE = "inconclusive"
MISPRINT = "misprint"
NEEDS_SCALE = "needs scale"
ILLUSTRATION = "illustration"
NOT_RUN = "not run"
VERDICTS = (
    REPRODUCED,
    NOT_REPRODUCED,
    INCONCLUSIVE,
    MISPRINT,
    NEEDS_SCALE,
    ILLUSTRATION,
    NOT_RUN,
)
NAN = float("nan")


def counts_in_words(verdicts: Iterable[str]) -> str:
    """Return how many verdicts are which."""
    found = list(verdicts)
    return ", ".join(f"{found.count(name)} {name}" for name in VERDICTS if name in found)


class Quantity(NamedTuple):
    """A measured value with its interval; NaN where there is none.

    A value that is not exact and whose interval could not be had decides nothing.
    """

    value: float
    low: float = NAN
    high: float = NAN
    is_exact: bool = False

    @property
    def interval(self) -> tuple[float, float]:
        """Return the interval; of an exact value, the value twice."""
        return (self.value, self.value) if self.is_exact else (self.low, self.high)

    def __format__(self, spec: str) -> str:
        """Return the value with its interval, each number by the spec: 0.25 [0.12, 0.38]."""
        value, low, high = (format(part, spec) for part in self[:3])
        return f"{value} [{low}, {high}]"


def exact(value: float) -> Quantity:
    """Return a quantity without an interval, since nothing in it was drawn."""
    return Quantity(float(value), is_exact=True)


Quantities = Mapping[str, Mapping[str, Quantity]]
"""By name, and within a name by what it was measured on: a set, a method, a norm."""


class Bound(SettingsModel):
    """Where a quantity has to lie, on everything that it was measured on."""

    quantity: str
    """Name of the quantity."""
    above: Number | None = None
    """Its interval lies above this, and does not touch it."""
    below: Number | None = None
    """Its interval lies at or below this."""
    covers: Number | None = None
    """Its interval covers this; one that does not refutes."""
    not_wholly_above: Number | None = None
    """Its interval does not lie wholly above this; one that does refutes."""
    where_measured: bool = False
    """Whether the quantity may be missing, and then takes no part."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Bound":
        sided = self.above is not None or self.below is not None
        kinds = [sided, self.covers is not None, self.not_wholly_above is not None]
        if sum(kinds) != 1:
            raise ValueError("above, below or both; or covers; or not_wholly_above")
        return self

    def verdict(self, quantity: Quantity) -> str:
        """Return whether one quantity meets the bound."""
        low, high = quantity.interval
        if low != low or high != high:
            return INCONCLUSIVE
        if self.covers is not None:
            return REPRODUCED if low <= self.covers <= high else NOT_REPRODUCED
        if self.not_wholly_above is not None:
            return REPRODUCED if low <= self.not_wholly_above else NOT_REPRODUCED
        least = -float("inf") if self.above is None else self.above
        most = float("inf") if self.below is None else self.below
        if least < low and high <= most:
            return REPRODUCED
        return NOT_REPRODUCED if high <= least or low > most else INCONCLUSIVE

    def __str__(self) -> str:
        names = {"below": "at most", "not_wholly_above": "is not wholly above"}
        limits = [
            f"{names.get(kind, kind)} {value:g}"
            for kind in ("above", "below", "covers", "not_wholly_above")
            if (value := getattr(self, kind)) is not None
        ]
        missing = ", where there is one" if self.where_measured else ""
        return f"{self.quantity} {' and '.join(limits)}{missing}"


class Rule(SettingsModel):
    """How a claim's verdict follows from the quantities that its chapter measured."""

    bounds: tuple[Bound, ...] = Field(default=())
    """All have to be met."""
    across: Literal["all", "agreement"] = "all"
    """What counts on what a quantity was measured on: all, so that one refutes; or agreement,
    without which the claim is inconclusive."""
    provided: tuple[Bound, ...] = Field(default=())
    """Without these, whatever else was found is inconclusive."""
    misprint_if: tuple[Bound, ...] | None = None
    """A claim that is refuted is a misprint if these are met."""
    always: Literal["illustration", "needs scale"] | None = None
    """The verdict where nothing can be decided."""

    @model_validator(mode="after")
    def _decides(self) -> "Rule":
        if (self.always is None) == (not self.bounds):
            raise ValueError("either bounds, or a verdict that it always has")
        return self

    def __str__(self) -> str:
        if self.always is not None:
            return f"always {self.always}"
        text = "; ".join(map(str, self.bounds))
        if self.across == "agreement":
            text += "; inconclusive where that differs"
        if self.provided:
            text += f"; inconclusive unless {'; '.join(map(str, self.provided))}"
        if self.misprint_if is not None:
            condition = "; ".join(map(str, self.misprint_if))
            text += f"; else a misprint if {condition}" if condition else "; else a misprint"
        return text


def all_of(verdicts: Sequence[str]) -> str:
    """Return the verdict of a claim that needs several: refuted by one, open if one is open."""
    if NOT_REPRODUCED in verdicts:
        return NOT_REPRODUCED
    return REPRODUCED if set(verdicts) == {REPRODUCED} else INCONCLUSIVE


def agreement(verdicts: Sequence[str]) -> str:
    """Return the verdict that all share, or that there is none."""
    return verdicts[0] if len(set(verdicts)) == 1 else INCONCLUSIVE


def decide(rule: Rule, quantities: Quantities) -> str:
    """Return the verdict of a claim.

    Without any quantity, the claim cannot be measured at this scale. Raises KeyError if the rule
    names a quantity that was not measured.
    """
    if rule.always is not None:
        return rule.always
    if not quantities:
        return NEEDS_SCALE
    if _held(rule.provided, quantities) != REPRODUCED:
        return INCONCLUSIVE
    if rule.across == "all":
        verdict = _held(rule.bounds, quantities)
    else:
        on = dict.fromkeys(key for bound in rule.bounds for key in quantities[bound.quantity])
        found = [
            all_of([bound.verdict(quantities[bound.quantity][key]) for bound in rule.bounds])
            for key in on
        ]
        verdict = agreement(found)
    if verdict == NOT_REPRODUCED and rule.misprint_if is not None:
        return MISPRINT if _held(rule.misprint_if, quantities) == REPRODUCED else verdict
    return verdict


def _held(bounds: Sequence[Bound], quantities: Quantities) -> str:
    found = []
    for bound in bounds:
        by_key = quantities.get(bound.quantity, {})
        if not by_key and not bound.where_measured:
            raise KeyError(bound.quantity)
        found += [bound.verdict(quantity) for quantity in by_key.values()]
    return all_of(found) if found else REPRODUCED
