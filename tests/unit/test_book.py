"""What the book's chapter makes of its trainings: claims by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from rewardlab.evaluation.decisions import INCONCLUSIVE, REPRODUCED, decide
from rewardlab.rules import ledger
from rewardlab.stages.book.compare_epochs import (
    BATCHES,
    PAIRS,
    SPREAD,
    TOGETHER,
    batches_finding,
    epochs_finding,
    lost_later,
)
from rewardlab.stages.book.compare_losses import ARMS, claims_of
from rewardlab.stages.book.tabulate_calibration import (
    Series,
    calibration_error,
    preferred_to_any,
)

RULES = {claim.id: claim.rule for claim in ledger()}


def test_what_further_epochs_lose_is_read_from_other_trials():
    # Each trial's own least would be -0.3, -0.2 and -0.1; the others say epoch 2, 2 and 2.
    losses = np.array([[1.0, 0.9, 0.7], [1.0, 0.8, 1.1], [1.0, 0.9, 1.2]])
    best = [1, 1, 1]  # of the others' sums: 1.7 and 2.3, 1.8 and 1.9, 1.7 and 1.8
    by_hand = np.mean([losses[row, at] - losses[row, 0] for row, at in enumerate(best)])
    assert lost_later(losses).value == pytest.approx(by_hand)


def epochs_table(losses, training, panel, arm):
    trials, epochs = losses.shape
    return pd.DataFrame(
        {
            "panel": panel,
            "arm": arm,
            "trial": np.repeat(range(trials), epochs),
            "epoch": np.tile(range(1, epochs + 1), trials),
            "loss": losses.ravel(),
            "training_loss": training.ravel(),
            "accuracy": 0.7,
        }
    )


def test_more_epochs_overfit_few_pairs_and_not_many():
    noise = np.random.default_rng(0).normal(0, 0.001, (5, 3))
    rising = np.array([0.6, 0.65, 0.7]) + noise
    falling = np.array([0.6, 0.55, 0.5]) + noise
    few, many = (
        epochs_table(losses, losses, PAIRS, arm)
        for losses, arm in ((rising, "250"), (falling, "2500"))
    )
    finding = epochs_finding(few)
    assert decide(RULES["B4"], finding.quantities) == REPRODUCED
    both = epochs_finding(pd.concat([few, many]))
    assert both.shown == ("difference", "2500 pairs")
    assert decide(RULES["B4"], both.quantities) == INCONCLUSIVE


def test_the_gap_of_spread_pairs_less_that_of_pairs_kept_together():
    noise = np.random.default_rng(0).normal(0, 0.001, (5, 2))
    held_out, seen = np.full((5, 2), 0.6), np.array([0.5, 0.4]) + noise
    table = pd.concat(
        [
            epochs_table(held_out, np.full((5, 2), 0.6), BATCHES, TOGETHER),
            epochs_table(held_out, seen, BATCHES, SPREAD),
        ]
    )
    finding = batches_finding(table)
    gaps = finding.quantities["difference of gaps"]
    assert gaps["epoch 2"].value == pytest.approx((0.6 - seen[:, 1]).mean())
    assert decide(RULES["B2c"], finding.quantities) == REPRODUCED


def test_gains_of_losses_are_paired_by_trial():
    rng = np.random.default_rng(0)
    common = rng.normal(0.7, 0.05, 5)
    accuracy = {"margin": 0.01, "plackett_luce": -0.01}
    rows = [
        {
            "trial": trial,
            "loss": loss,
            "budget": budget,
            "accuracy": common[trial] + accuracy.get(loss, 0.0),
            "loss_nats": 0.6,
        }
        for trial in range(5)
        for loss, budget in ARMS
    ]
    margins, k_wise = claims_of(pd.DataFrame(rows))
    for found, expected in ((margins, 0.01), (k_wise, -0.01)):
        value, low, high, _ = found.value
        assert value == pytest.approx(expected)
        assert high - low < 1e-9  # what trials share does not count


def test_calibration_by_hand():
    gold, others = np.array([[0.0, 1.0]]), np.array([[0.0, 2.0]])
    by_hand = [(0.5 + expit(-2)) / 2, (expit(1) + expit(-1)) / 2]
    assert preferred_to_any(gold, others)[0].tolist() == pytest.approx(by_hand)
    rng = np.random.default_rng(0)
    true = expit(rng.normal(size=(40, 25)))
    logit = np.log(true / (1 - true))
    assert calibration_error(Series(logit, true), 10, 0).value == pytest.approx(0.0, abs=1e-12)
    # A probability that is one tenth too low everywhere.
    shifted = np.clip(true, 0.15, 0.85)
    off = Series(np.log((shifted - 0.1) / (1.1 - shifted)), shifted)
    assert calibration_error(off, 10, 0).value == pytest.approx(0.1)
