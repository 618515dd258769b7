"""Every kind of rule on made-up quantities, and every claim's rule on either side of its bounds."""

from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from rewardlab.evaluation.decisions import (
    ILLUSTRATION,
    INCONCLUSIVE,
    MISPRINT,
    NEEDS_SCALE,
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    Quantity,
    Rule,
    decide,
    exact,
)
from rewardlab.evaluation.estimates import Estimate
from rewardlab.evaluation.findings import (
    Finding,
    claims_table,
    findings_table,
    write_findings,
)
from rewardlab.evaluation.ledger import read_ledger
from rewardlab.evaluation.printed import filled
from rewardlab.evaluation.tables import read_csv
from rewardlab.running.errors import UserError

ROOT = Path(__file__).parents[2]
LEDGER = read_ledger(ROOT / "workflow/ledger.yaml", ROOT / "workflow/printed.yaml")
RULES = {claim.id: claim.rule for claim in LEDGER}


def rule(*bounds, **more) -> Rule:
    return Rule.model_validate({"bounds": bounds, **more}, strict=False)


def between(low, high) -> Quantity:
    return Quantity((low + high) / 2, low, high)


ABOVE = {"quantity": "x", "above": 1.0}
WITHIN = {"quantity": "x", "above": 0.8, "below": 1.25}


@pytest.mark.parametrize(
    ("bound", "quantity", "expected"),
    [
        (ABOVE, between(1.01, 2.0), REPRODUCED),
        (ABOVE, between(1.0, 2.0), INCONCLUSIVE),
        (ABOVE, between(0.9, 2.0), INCONCLUSIVE),
        (ABOVE, between(0.1, 0.9), NOT_REPRODUCED),
        (ABOVE, exact(1.0), NOT_REPRODUCED),  # to be equal is not to be above
        (ABOVE, exact(1.01), REPRODUCED),
        (ABOVE, exact(0.99), NOT_REPRODUCED),
        (ABOVE, Quantity(5.0), INCONCLUSIVE),  # its interval could not be had
        (ABOVE, Quantity(float("inf")), INCONCLUSIVE),
        ({"quantity": "x", "covers": 0.0}, Quantity(0.0), INCONCLUSIVE),
        ({"quantity": "x", "not_wholly_above": 0.0}, Quantity(-1.0), INCONCLUSIVE),
        ({"quantity": "x", "below": 1.0}, between(0.5, 1.0), REPRODUCED),
        ({"quantity": "x", "below": 1.0}, between(0.5, 1.1), INCONCLUSIVE),
        ({"quantity": "x", "below": 1.0}, between(1.1, 1.2), NOT_REPRODUCED),
        (WITHIN, between(0.81, 1.25), REPRODUCED),
        (WITHIN, between(0.7, 1.0), INCONCLUSIVE),
        (WITHIN, between(1.0, 1.3), INCONCLUSIVE),
        (WITHIN, between(0.1, 0.7), NOT_REPRODUCED),
        (WITHIN, between(1.3, 1.4), NOT_REPRODUCED),
        ({"quantity": "x", "covers": 0.0}, between(-0.1, 0.1), REPRODUCED),
        ({"quantity": "x", "covers": 0.0}, between(0.1, 0.2), NOT_REPRODUCED),
        ({"quantity": "x", "covers": 0.0}, between(-0.2, -0.1), NOT_REPRODUCED),
        ({"quantity": "x", "not_wholly_above": 0.0}, between(-0.1, 0.5), REPRODUCED),
        ({"quantity": "x", "not_wholly_above": 0.0}, between(0.1, 0.5), NOT_REPRODUCED),
    ],
)
def test_a_bound(bound, quantity, expected):
    assert decide(rule(bound), {"x": {"": quantity}}) == expected


GOOD, OPEN, BAD = between(2.0, 3.0), between(0.0, 2.0), between(-1.0, 0.0)


@pytest.mark.parametrize(
    ("across", "on", "expected"),
    [
        ("all", (GOOD, GOOD), REPRODUCED),
        ("all", (GOOD, OPEN), INCONCLUSIVE),
        ("all", (GOOD, BAD), NOT_REPRODUCED),
        ("all", (OPEN, BAD), NOT_REPRODUCED),
        ("agreement", (GOOD, GOOD), REPRODUCED),
        ("agreement", (BAD, BAD), NOT_REPRODUCED),
        ("agreement", (GOOD, BAD), INCONCLUSIVE),
    ],
)
def test_what_a_quantity_was_measured_on(across, on, expected):
    quantities = {"x": dict(zip(("first", "second"), on, strict=True))}
    assert decide(rule(ABOVE, across=across), quantities) == expected


def test_agreement_is_of_all_bounds_together():
    """On one norm either bound fails: on that norm the claim fails, and on the other it holds."""
    both = rule(ABOVE, {"quantity": "y", "above": 1.0}, across="agreement")
    mixed = {"x": {"1": GOOD, "2": GOOD}, "y": {"1": GOOD, "2": BAD}}
    assert decide(both, mixed) == INCONCLUSIVE
    failing = {"x": {"1": BAD, "2": GOOD}, "y": {"1": GOOD, "2": BAD}}
    assert decide(both, failing) == NOT_REPRODUCED


def test_conditions_come_before_bounds():
    provided = rule(ABOVE, provided=[{"quantity": "lost", "below": 0.0}])
    for found in (GOOD, BAD):
        quantities = {"x": {"": found}, "lost": {"": exact(1)}}
        assert decide(provided, quantities) == INCONCLUSIVE
    assert decide(provided, {"x": {"": GOOD}, "lost": {"": exact(0)}}) == REPRODUCED


def test_a_refuted_claim_is_a_misprint_where_the_meant_form_holds():
    misprint = rule(ABOVE, misprint_if=[{"quantity": "meant", "below": 0.0}])
    cases = {(BAD, 0): MISPRINT, (BAD, 1): NOT_REPRODUCED, (GOOD, 0): REPRODUCED}
    for (found, broken), expected in cases.items():
        quantities = {"x": {"": found}, "meant": {"": exact(broken)}}
        assert decide(misprint, quantities) == expected
    assert decide(rule(ABOVE, misprint_if=[]), {"x": {"": BAD}}) == MISPRINT


def test_what_could_not_be_measured():
    assert decide(rule(ABOVE), {}) == NEEDS_SCALE
    assert decide(Rule(always="illustration"), {}) == ILLUSTRATION
    assert decide(Rule(always="needs scale"), {"x": {"": GOOD}}) == NEEDS_SCALE
    optional = rule(ABOVE, {"quantity": "share", "below": 0.2, "where_measured": True})
    assert decide(optional, {"x": {"": GOOD}}) == REPRODUCED
    assert decide(optional, {"x": {"": GOOD}, "share": {"": exact(0.3)}}) == NOT_REPRODUCED
    with pytest.raises(KeyError, match="share"):
        decide(rule(ABOVE, {"quantity": "share", "below": 0.2}), {"x": {"": GOOD}})
    with pytest.raises(KeyError, match="x"):
        decide(rule(ABOVE), {"x": {}})


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"bounds": [ABOVE], "always": "illustration"},
        {"bounds": [{"quantity": "x"}]},
        {"bounds": [{"quantity": "x", "above": 1.0, "covers": 0.0}]},
        {"bounds": [{"quantity": "x", "abov": 1.0}]},
    ],
)
def test_a_rule_that_decides_nothing_is_refused(entry):
    with pytest.raises(ValidationError):
        Rule.model_validate(entry, strict=False)


def on(**named):
    """Return quantities from intervals, or exact numbers, by name (spaces written as _)."""
    found = {}
    for name, value in named.items():
        quantity = exact(value) if isinstance(value, float | int) else between(*value)
        found[name.replace("_", " ")] = {"": quantity}
    return found


def with_name(found, old, new):
    return {(new if name == old else name): value for name, value in found.items()}


LESS, GAUSS = "the same less the single model's", "kurtosis less a Gaussian's"
CORRELATION = "correlation less that of independent heads"
CHI, DISTANCE = "promises broken by the chi-square quantile", "optimiser's distance"
SHARPE = "change of the Sharpe ratio"

# By claim: quantities just inside the bounds, and quantities just outside with their verdict.
EITHER_SIDE = {
    "U1": (on(range=(0.51, 0.6)), [(on(range=(0.4, 0.499)), NOT_REPRODUCED)]),
    "U3a": (on(ratio=(2.01, 2.1)), [(on(ratio=(1.9, 1.999)), NOT_REPRODUCED)]),
    "U3b": (
        on(unaware_deviation=(0.1251, 0.135), aware_deviation=(0.0351, 0.045)),
        [
            (on(unaware_deviation=(0.12, 0.1249), aware_deviation=0.04), NOT_REPRODUCED),
            (on(unaware_deviation=0.13, aware_deviation=(0.0451, 0.05)), NOT_REPRODUCED),
            (on(unaware_deviation=(0.13, 0.136), aware_deviation=0.04), INCONCLUSIVE),
        ],
    ),
    "U3c": (on(gap=0.1), [(on(gap=0.1001), NOT_REPRODUCED)]),
    "U4a": (
        on(ratio=(0.801, 1.25)),
        [(on(ratio=(0.7, 0.799)), NOT_REPRODUCED), (on(ratio=(1.251, 1.3)), NOT_REPRODUCED)],
    ),
    "U4b": (
        on(unaware_deviation=(0.1251, 0.145), aware_deviation=(0.1151, 0.125)),
        [
            (on(unaware_deviation=(0.1451, 0.15), aware_deviation=0.12), NOT_REPRODUCED),
            (on(unaware_deviation=0.13, aware_deviation=(0.1, 0.1149)), NOT_REPRODUCED),
        ],
    ),
    "U4c": (
        on(unaware_gain=0.1449, aware_gain=0.1251),
        [
            (on(unaware_gain=0.1451, aware_gain=0.13), NOT_REPRODUCED),
            (on(unaware_gain=0.14, aware_gain=0.1249), NOT_REPRODUCED),
        ],
    ),
    "U5": (
        on(exact_difference=0.0, drawn_difference=(-0.1, 0.2)),
        [
            (on(exact_difference=1e-6, drawn_difference=(-0.1, 0.2)), NOT_REPRODUCED),
            (on(exact_difference=-0.1, drawn_difference=(0.001, 0.2)), NOT_REPRODUCED),
        ],
    ),
    "U6": (
        with_name(on(promises_broken=0, chi=1), "chi", CHI),
        [
            (with_name(on(promises_broken=1, chi=0), "chi", CHI), MISPRINT),
            (with_name(on(promises_broken=1, chi=1), "chi", CHI), NOT_REPRODUCED),
        ],
    ),
    "U7": (
        with_name(on(lost=1e-6, d=1e-6), "d", DISTANCE),
        [
            (with_name(on(lost=1.1e-6, d=1e-6), "d", DISTANCE), MISPRINT),
            (with_name(on(lost=1.0, d=1.1e-6), "d", DISTANCE), INCONCLUSIVE),
            (with_name(on(lost=0.0, d=1.1e-6), "d", DISTANCE), INCONCLUSIVE),
        ],
    ),
    "U8a": (on(gap=0.1), [(on(gap=0.11), NOT_REPRODUCED)]),
    "U10": (on(share=(0.011, 0.02)), [(on(share=(0.001, 0.0099)), NOT_REPRODUCED)]),
    "U11": (
        with_name(on(final_loss_of_the_heads=(0.151, 0.25), less=(-0.2, 0.0)), "less", LESS),
        [
            (
                with_name(on(final_loss_of_the_heads=heads, less=less), "less", LESS),
                NOT_REPRODUCED,
            )
            for heads, less in (((0.251, 0.3), -0.1), ((0.1, 0.149), -0.1), (0.2, (0.01, 0.02)))
        ],
    ),
    "U12": (
        on(gap=(-0.049, 0.05)),
        [(on(gap=(-0.1, -0.051)), NOT_REPRODUCED), (on(gap=(0.051, 0.1)), NOT_REPRODUCED)],
    ),
    "U13b": (
        on(ratio=(1.01, 2.0), policies_lost=0),
        [
            (on(ratio=(0.5, 0.99), policies_lost=0), NOT_REPRODUCED),
            (on(ratio=(0.5, 1.01), policies_lost=0), INCONCLUSIVE),
            (on(ratio=(1.5, 2.0), policies_lost=1), INCONCLUSIVE),
        ],
    ),
    "U15": (
        on(difference=(-0.099, 0.1)),
        [
            (on(difference=(-0.2, -0.11)), NOT_REPRODUCED),
            (on(difference=(0.11, 0.2)), NOT_REPRODUCED),
        ],
    ),
    "U16": (on(rise=(0.001, 0.1)), [(on(rise=(-0.2, -0.01)), NOT_REPRODUCED)]),
    "U19a": (
        on(difference=(-0.1, 0.0)),
        [
            (on(difference=(0.01, 0.02)), NOT_REPRODUCED),
            (
                {"difference": {"Figure 7": exact(0.1), "Figure 12": exact(-0.1)}},
                INCONCLUSIVE,
            ),
        ],
    ),
    "U19b": (
        on(difference=(0.001, 0.1)),
        [
            (on(difference=(-0.1, -0.01)), NOT_REPRODUCED),
            ({"difference": {"": Quantity(float("nan"))}}, INCONCLUSIVE),
        ],
    ),
    "U18": (
        {CORRELATION: {"": between(-0.1, 0.1)}, GAUSS: {"": between(-0.1, 0.1)}},
        [
            (
                {CORRELATION: {"": between(0.01, 0.1)}, GAUSS: {"": between(-0.1, 0.1)}},
                NOT_REPRODUCED,
            ),
            (
                {CORRELATION: {"": between(-0.1, 0.1)}, GAUSS: {"": between(0.01, 0.1)}},
                NOT_REPRODUCED,
            ),
        ],
    ),
    "A4": (
        on(gain=(0.001, 0.1), share_lost=(0.1, 0.2)),
        [
            (on(gain=(0.001, 0.1), share_lost=(0.201, 0.3)), NOT_REPRODUCED),
            (on(gain=(-0.1, -0.01), share_lost=(0.1, 0.2)), NOT_REPRODUCED),
        ],
    ),
    "B1": (
        on(difference_of_the_printed_form=0.0, difference_of_the_meant_form=0.0),
        [
            (on(difference_of_the_printed_form=1e-5, difference_of_the_meant_form=0.0), MISPRINT),
            (
                on(difference_of_the_printed_form=1e-5, difference_of_the_meant_form=1e-5),
                NOT_REPRODUCED,
            ),
        ],
    ),
    "B2a": (
        on(difference_at_two_responses=1e-6),
        [(on(difference_at_two_responses=1.1e-6), NOT_REPRODUCED)],
    ),
    "B2c": (
        on(difference_of_gaps=(0.001, 0.1)),
        [(on(difference_of_gaps=(-0.1, -0.01)), NOT_REPRODUCED)],
    ),
    "B5": (
        on(slope=(0.81, 1.25), calibration_error=(0.0, 0.05)),
        [
            (on(slope=(0.7, 0.79), calibration_error=(0.0, 0.05)), NOT_REPRODUCED),
            (on(slope=(1.26, 1.3), calibration_error=(0.0, 0.05)), NOT_REPRODUCED),
            (on(slope=(0.9, 1.1), calibration_error=(0.051, 0.1)), NOT_REPRODUCED),
        ],
    ),
    "T5": (
        on(share=0.0, ties_in_double_precision=0.0),
        [
            (on(share=0.001, ties_in_double_precision=0.0), NOT_REPRODUCED),
            (on(share=0.0, ties_in_double_precision=1.0), NOT_REPRODUCED),
        ],
    ),
    "U20": (on(share=(0.051, 0.5)), [(on(share=(-0.1, 0.049)), NOT_REPRODUCED)]),
    "U21": (
        with_name(on(lost=0.0, change_with_the_unit=0.0, c=0.0), "c", SHARPE),
        [
            (with_name(on(lost=0.1, change_with_the_unit=0.0, c=0.0), "c", SHARPE), MISPRINT),
            (with_name(on(lost=0.0, change_with_the_unit=1.0, c=0.0), "c", SHARPE), MISPRINT),
            (with_name(on(lost=0.1, change_with_the_unit=0.0, c=1.0), "c", SHARPE), INCONCLUSIVE),
        ],
    ),
    "A6a": (
        on(excess=(-0.01, 0.005), excess_with_alike_labels=(0.0051, 0.1)),
        [
            (on(excess=(0.006, 0.01), excess_with_alike_labels=(0.01, 0.1)), NOT_REPRODUCED),
            # Where a broken assumption shows no more either, nothing was told.
            (on(excess=(-0.01, 0.0), excess_with_alike_labels=(0.0, 0.1)), INCONCLUSIVE),
        ],
    ),
    "A6b": (
        on(gain_of_centring=(0.001, 0.1)),
        [(on(gain_of_centring=(-0.1, -0.01)), NOT_REPRODUCED)],
    ),
    "A6c": (
        on(slope=(0.81, 1.25)),
        [(on(slope=(0.7, 0.79)), NOT_REPRODUCED), (on(slope=(0.7, 0.9)), INCONCLUSIVE)],
    ),
    "B3a": (
        on(accuracy_less_chance=(0.001, 0.1)),
        [(on(accuracy_less_chance=(-0.1, -0.01)), NOT_REPRODUCED)],
    ),
    "T1a": (
        on(difference=(0.001, 0.1), left_by_raw_rewards=(0.001, 0.1)),
        [
            (on(difference=(-0.1, -0.001), left_by_raw_rewards=(0.001, 0.1)), NOT_REPRODUCED),
            (on(difference=(0.0, 0.0), left_by_raw_rewards=(0.0, 0.0)), INCONCLUSIVE),
        ],
    ),
    "T1b": (on(ratio=(1.01, 2.0)), [(on(ratio=(0.5, 0.99)), NOT_REPRODUCED)]),
    "T4": (
        on(difference=(0.001, 0.1), drop=(0.001, 0.1)),
        [
            (on(difference=(-0.1, -0.001), drop=(0.001, 0.1)), NOT_REPRODUCED),
            # Where raw rewards lead to no fall, there is nothing to mitigate.
            (on(difference=(-0.1, -0.001), drop=(-0.1, 0.1)), INCONCLUSIVE),
            (on(difference=(0.001, 0.1), drop=(-0.1, 0.1)), INCONCLUSIVE),
        ],
    ),
}
GAIN = (
    on(gain=(0.001, 0.1)),
    [(on(gain=(-0.1, -0.001)), NOT_REPRODUCED), (on(gain=(-0.1, 0.1)), INCONCLUSIVE)],
)
EITHER_SIDE |= dict.fromkeys(
    ("U13a", "U13c", "U14a", "U14c", "A1", "A2", "A3", "A5", "B2b", "B2d", "B3b", "B3c"), GAIN
)
EITHER_SIDE["U14b"] = EITHER_SIDE["U13b"]
DIFFERENCE = (
    on(difference=(0.001, 0.1)),
    [(on(difference=(-0.1, -0.001)), NOT_REPRODUCED)],
)
EITHER_SIDE |= dict.fromkeys(("T2", "T3b", "B4"), DIFFERENCE)
ALWAYS = {**dict.fromkeys(("U2", "U8b", "U9", "U22", "T3a", "B3d"), ILLUSTRATION)}
ALWAYS |= dict.fromkeys(("U17", "B6"), NEEDS_SCALE)


def test_every_claim_is_tried():
    assert set(EITHER_SIDE) | set(ALWAYS) == set(RULES)


@pytest.mark.parametrize("claim", EITHER_SIDE)
def test_a_claims_rule_on_either_side_of_its_bounds(claim):
    inside, outside = EITHER_SIDE[claim]
    assert decide(RULES[claim], inside) == REPRODUCED
    for quantities, expected in outside:
        assert decide(RULES[claim], quantities) == expected, quantities


@pytest.mark.parametrize("claim", ALWAYS)
def test_a_claim_that_nothing_can_decide(claim):
    assert decide(RULES[claim], on(anything=1.0)) == ALWAYS[claim]


def test_the_claims_table_has_every_claim_and_decides_what_was_measured(tmp_path):
    measured = [
        Finding("U1", {"range": {"": between(0.6, 0.8)}}, ("range", ""), "wide"),
        Finding("U2", {}, exact(1.5), "made to show it"),
        Finding("A1", {}, Quantity(float("nan")), "two responses"),
        Finding("U15", {"difference": {"": Quantity(0.0)}}, ("difference", ""), "no interval"),
    ]
    findings = findings_table(measured)
    write_findings(measured, tmp_path / "findings.csv")
    again = claims_table(LEDGER, read_csv(tmp_path / "findings.csv"))
    pd.testing.assert_frame_equal(again, claims_table(LEDGER, findings))
    table = claims_table(LEDGER, findings).set_index("id")
    assert list(table.index) == [claim.id for claim in LEDGER]
    assert table.verdict["U1"] == REPRODUCED
    assert table.value["U1"] == pytest.approx(0.7)
    assert table.ci_low["U1"] == 0.6
    assert table.verdict["U2"] == ILLUSTRATION
    assert pd.isna(table.ci_low["U2"])
    assert table.verdict["A1"] == NEEDS_SCALE
    assert table.verdict["U15"] == INCONCLUSIVE
    assert table.verdict["U3a"] == NOT_RUN
    assert table.printed["U3b"] == "0.13, 0.04"


def test_what_is_not_in_the_ledger_is_refused():
    with pytest.raises(UserError, match="measured U99, which is not in the ledger"):
        claims_table(LEDGER, findings_table([Finding("U99", {}, exact(1), "")]))
    wrong = Finding("U1", {"rnage": {"": GOOD}}, ("rnage", ""), "")
    with pytest.raises(UserError, match="rule of U1 names 'range'"):
        claims_table(LEDGER, findings_table([wrong]))


def write(folder, entry):
    figure = "{deviation: 0.04, zero: '0.40', small: 1.0e-05, count: 20480, name.x: [7]}"
    (folder / "printed.yaml").write_text(f"figure: {figure}\n")
    (folder / "ledger.yaml").write_text(f'"Paper":\n  - {entry}\n')
    return folder / "ledger.yaml", folder / "printed.yaml"


ENTRY = "{{id: X1, item: i, statement: s, printed: '{}', measured: m, decide: {}}}"
BOUNDS = "{{bounds: [{}]}}"


def test_printed_values_are_named_by_key(tmp_path):
    bounds = BOUNDS.format("{quantity: x, printed: figure.deviation}")
    text = "{figure.deviation} and {figure.count:,} and {figure.name.x.0}"
    (claim,) = read_ledger(*write(tmp_path, ENTRY.format(text, bounds)))
    assert claim.printed == "0.04 and 20,480 and 7"
    assert (claim.rule.bounds[0].above, claim.rule.bounds[0].below) == (0.035, 0.045)


@pytest.mark.parametrize(
    ("key", "low", "high"), [("zero", 0.395, 0.405), ("small", 0.5e-5, 1.5e-5)]
)
def test_printed_digits_count(tmp_path, key, low, high):
    bounds = BOUNDS.format(f"{{quantity: x, printed: figure.{key}}}")
    (claim,) = read_ledger(*write(tmp_path, ENTRY.format("-", bounds)))
    assert claim.rule.bounds[0].above == pytest.approx(low)
    assert claim.rule.bounds[0].below == pytest.approx(high)


def test_a_ledger_that_is_no_yaml_is_one_sentence(tmp_path):
    ledger, printed = write(tmp_path, "{id: X1")
    with pytest.raises(UserError, match=r"ledger\.yaml, line \d: not valid YAML"):
        read_ledger(ledger, printed)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{id: X1, item: i}", r"X1 of Paper lacks decide, measured, printed, statement\."),
        (
            ENTRY.format("{figure.mean}", BOUNDS.format("{quantity: x, above: 1}")),
            r"X1 names figure\.mean, which printed\.yaml does not have",
        ),
        (
            ENTRY.format("-", BOUNDS.format("{quantity: x, abov: 1}")),
            r"X1, decide: bounds\.0\.abov \(value 1\) is not a known key; the nearest known key",
        ),
    ],
)
def test_a_mistake_in_the_ledger_is_one_sentence(tmp_path, entry, expected):
    with pytest.raises(UserError, match=expected):
        read_ledger(*write(tmp_path, entry))


def test_captions_name_no_number_that_is_not_printed():
    values = {"a": {"b": 0.5}}
    assert filled("half is {a.b}.", values, "here") == "half is 0.5."
    with pytest.raises(UserError, match=r"^here names a\.c, which"):
        filled("{a.c}", values, "here")


def test_a_quantity_is_written_with_its_interval():
    assert f"{Quantity(0.25, 0.125, 0.375):.2f}" == "0.25 [0.12, 0.38]"
    assert f"{Estimate(0.0, 0.0, 3, is_log=True):.1f}" == "1.0 [1.0, 1.0]"
