"""Theorems by learning, and claims in other worlds: by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from rewardlab.evaluation.contrasts import CONFIRMATION, GAIN, LOST, POOLED, RATIO
from rewardlab.evaluation.cross_entropy import calibration, difference, loss
from rewardlab.evaluation.decisions import INCONCLUSIVE, NOT_REPRODUCED, REPRODUCED
from rewardlab.evaluation.ledger import read_ledger
from rewardlab.stages.claims.collect_worlds import means_over_worlds
from rewardlab.stages.policies.contrast_worlds import contrast, rows_of

ROOT = Path(__file__).parents[2]


def test_the_expected_cross_entropy_by_hand():
    """A label of 3/4 under a half costs ln 2; under itself its entropy."""
    true = np.log(np.array([[3.0, 3.0]]))
    assert loss(np.zeros((1, 2)), true) == pytest.approx([np.log(2)])
    entropy = -0.75 * np.log(0.75) - 0.25 * np.log(0.25)
    assert loss(true, true) == pytest.approx([entropy])
    found = difference(np.zeros((3, 2)), np.tile(true, (3, 1)), np.tile(true, (3, 1)), 0, 50)
    assert found.value == pytest.approx(np.log(2) - entropy)
    assert found.low == pytest.approx(found.value)


def test_calibration_finds_the_line_that_a_logit_is():
    """The true logit is 0.3 + 0.5 of the reward, exactly: so the interval is a point."""
    rewards = np.random.default_rng(0).standard_normal((40, 30))
    found = calibration(rewards, expit(0.3 + 0.5 * rewards))
    assert found.intercept == pytest.approx(0.3)
    assert found.slope[:3] == pytest.approx((0.5, 0.5, 0.5), abs=1e-6)


def test_the_interval_of_a_calibration_covers_it():
    """Prompts whose rewards are the logit but for an error of their own, which flattens nothing."""
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rewards = rng.standard_normal((60, 10))
        shifted = 0.8 * rewards + 0.3 * rng.standard_normal((60, 1))
        slope = calibration(rewards, expit(shifted)).slope
        covered.append(slope.low <= 0.79 <= slope.high)  # a shift by prompt shrinks it a little
    assert np.mean(covered) == pytest.approx(0.95, abs=0.05)


def policies(gain: float, spread: float, seed: int) -> pd.DataFrame:
    """Vanilla better by a gain, with policies spread as widely as given; ten ensembles of ten."""
    rng = np.random.default_rng(seed)
    parts = []
    common = rng.standard_normal(100)
    for method, mean, scale in (
        ("reference", 0.0, 0.0),
        ("vanilla", 1.0 + gain, spread),
        ("variance_aware", 1.0, 1.0),
    ):
        noise = 0.3 * rng.standard_normal(100)
        table = pd.DataFrame({"policy": range(100), "method": method, "ended": "finished"})
        table["judged"] = mean + 0.1 * scale * (common + noise)
        table["noise"], table["kl"] = 0.0, 1.3
        table["ensemble"], table["head"] = table.policy // 10, table.policy % 10
        parts.append(table)
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(judged_worse=rows.judged, noise_worse=0.0)


def test_a_world_is_told_in_the_papers_direction():
    found = contrast(policies(0.5, 2.0, 0), "variance_aware", True)
    rows = {row["quantity"]: row for row in rows_of("w", "k", found)}
    assert rows[GAIN]["value"] == pytest.approx(0.5, abs=0.1)
    assert rows[RATIO]["value"] == pytest.approx(4.0, rel=0.3)
    assert (rows[GAIN]["verdict"], rows[RATIO]["verdict"]) == (REPRODUCED, REPRODUCED)
    assert rows[f"{RATIO}, dialect worse"]["value"] == pytest.approx(rows[RATIO]["value"])


def test_a_lost_policy_leaves_variances_open():
    table = policies(0.5, 2.0, 0)
    lost = table.method.eq("vanilla") & table.policy.eq(3)
    table.loc[lost, "ended"] = "step 2: the loss is not finite"
    table.loc[lost, ["judged", "noise", "kl", "judged_worse", "noise_worse"]] = np.nan
    found = contrast(table, "variance_aware", True)
    rows = {row["quantity"]: row for row in rows_of("w", "k", found)}
    assert rows[LOST]["value"] == 1.0
    assert (rows[GAIN]["verdict"], rows[RATIO]["verdict"]) == (REPRODUCED, INCONCLUSIVE)


def test_the_mean_over_worlds_is_decided_by_the_claims_own_rules():
    claims = read_ledger(ROOT / "workflow/ledger.yaml", ROOT / "workflow/printed.yaml")
    values = {
        RATIO: (0.5, 0.4, 0.9), GAIN: (0.2, 0.1, 0.3), f"{GAIN}, at equal KL": (0.1, -0.1, 0.3),
        "KL of vanilla less variance-aware": (0.01, 0.0, 0.02), LOST: (0.0, 0.0, 0.0),
    }  # fmt: skip
    rows = pd.DataFrame(
        [(POOLED, CONFIRMATION, name, *value) for name, value in values.items()],
        columns=["world", "kind", "quantity", "value", "ci_low", "ci_high"],
    )
    found = means_over_worlds(rows, claims).set_index("id")
    assert found.verdict.to_dict() == {"U14b": NOT_REPRODUCED, "U14c": REPRODUCED}
    # Further apart than EQUAL_KL, the gain is that at equal divergence.
    rows.loc[rows.quantity.str.startswith("KL of"), "value"] = 0.2
    assert means_over_worlds(rows, claims).set_index("id").verdict["U14c"] == INCONCLUSIVE
