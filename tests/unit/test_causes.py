"""Variance components, heads that differ in one thing, and labels of properties: by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit, logit

from rewardlab.evaluation.variance_components import crossed_components
from rewardlab.rewards.crossed_heads import crossed_heads
from rewardlab.rewards.property_labels import NAMES, draw_labels, lower_medians, true_logits
from rewardlab.running.errors import UserError
from rewardlab.settings.rewards import (
    BootstrapHeadsSettings,
    EnsembleSettings,
    PaperHeadsSettings,
)
from rewardlab.stages.rewards.tabulate_causes import (
    DATA,
    OPTIMISATION,
    TOTAL,
    TRUNK,
    finding_of,
    split,
    variances_of,
)

PAPER = PaperHeadsSettings(
    initial_deviation=0.5,
    learning_rate=1e-2,
    weight_decay=0.0,
    batch_size=4,
    epochs=1.0,
    trained_head=False,
    stop_loss=0.0,
)


def ensemble(kind: str) -> EnsembleSettings:
    bootstrap = BootstrapHeadsSettings(prior_deviation=0.5)
    return EnsembleSettings(heads=2, kind=kind, paper=PAPER, bootstrap=bootstrap)


def test_components_of_a_table_of_two_by_two_by_hand():
    """0 1 / 2 7: products of members that agree in the row 0 and 14, in the column 0 and 7."""
    found = crossed_components(np.array([[[0.0], [1.0]], [[2.0], [7.0]]]))
    row, column, apart, same = 14 / 2, 7 / 2, (0 * 7 + 1 * 2) / 2, (0 + 1 + 4 + 49) / 4
    assert found[(0,)] == pytest.approx(row - apart)
    assert found[(1,)] == pytest.approx(column - apart)
    assert found[(0, 1)] == pytest.approx(same - row - column + apart)


def test_components_are_unbiased_and_add_up():
    """Standard deviations 1, 2, 0 of three factors, and 0.5 in each cell."""
    rng = np.random.default_rng(0)
    responses = 20_000
    first, second = (rng.standard_normal((3, responses)) * scale for scale in (1.0, 2.0))
    cell = 0.5 * rng.standard_normal((3, 3, 3, responses))
    found = crossed_components(first[:, None, None] + second[None, :, None] + cell + 7.0)
    assert found[(0,)] == pytest.approx(1.0, abs=0.05)
    assert found[(1,)] == pytest.approx(4.0, abs=0.15)
    assert found[(2,)] == pytest.approx(0.0, abs=0.01)
    assert found[(0, 1, 2)] == pytest.approx(0.25, abs=0.01)
    assert sum(found.values()) == pytest.approx(5.25, abs=0.15)


def test_crossed_heads_share_what_they_share():
    """With a learning rate of next to nothing only the beginning is left."""
    differences = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)) + 0.3
    still = PAPER.model_copy(update={"learning_rate": 1e-9})
    settings = ensemble("paper").model_copy(update={"paper": still})
    heads = crossed_heads(differences, settings, 2, None, 0)
    assert heads.shape == (2, 2, 2, 3)
    torch.testing.assert_close(heads[:, 0, 0], heads[:, 1, 1])
    assert not torch.allclose(heads[0], heads[1])
    with pytest.raises(UserError, match=r"causes\.pairs names 41 pairs, but there are 40"):
        crossed_heads(differences, settings, 2, 41, 0)
    converged = crossed_heads(differences, ensemble("bootstrap"), 2, 30, 0)
    assert converged.shape == (2, 2, 3)
    assert not torch.allclose(converged[:, 0], converged[:, 1])


def rows(kind: str, group: int, parts: dict[str, float]) -> pd.DataFrame:
    table = pd.DataFrame({"component": list(parts), "variance": list(parts.values())})
    return table.assign(kind=kind, pairs=9, members=2, group=group)


def test_shares_by_hand():
    """Two groups whose means are 2 apart: variance 2, less what the members' own levels make."""
    parts = {"initial head": 1.0, "resampled data": 3.0, "initial head x resampled data": 0.5}
    components = pd.concat([rows("paper heads", group, parts) for group in (0, 1)])
    found = variances_of(components, np.array([[0.0, 0.0], [2.0, 2.0]]))
    assert found[TRUNK] == pytest.approx(2.0 - 4.5 / 2)
    assert found["interactions"] == pytest.approx(0.5)
    assert found[TOTAL] == pytest.approx(4.5 + found[TRUNK])


def test_the_claim_on_causes_takes_whole_models():
    parts = {"initial head": 1.0, "order of data": 2.0, "resampled data": 5.0}
    parts["order of data x resampled data"] = 4.0  # counts for either
    components = pd.concat(
        [
            rows("whole models", group, {name: part + 0.1 * group for name, part in parts.items()})
            for group in range(3)
        ]
    )
    means = pd.DataFrame({"kind": "whole models", "pairs": 9, "mean": 0.0, "group": range(3)})
    found = finding_of(pd.DataFrame(split(components, means)))
    shares = found.quantities["share"]
    assert shares[DATA].value == pytest.approx((5.1 + 4.1) / 12.4)
    assert shares[OPTIMISATION].value == pytest.approx((1.1 + 2.1 + 4.1) / 12.4)
    assert found.shown == ("share", OPTIMISATION)
    assert shares[OPTIMISATION].low < 7.3 / 12.4 < shares[OPTIMISATION].high


def test_true_logits_by_hand():
    """P(A) = 1/2 and P(B) = 1/4: both 1/8 if independent, 1/4 if alike; either 5/8 and 1/2."""
    rewards, medians = np.array([[0.0, logit(0.25)]]), np.array([[1.0, 0.0]])
    for alike, both, either in ((0.0, 1 / 8, 5 / 8), (1.0, 1 / 4, 1 / 2)):
        found = dict(zip(NAMES, true_logits(rewards, medians, alike)[0], strict=True))
        assert expit(found["both"]) == pytest.approx(1 / 8)
        assert expit(found["either"]) == pytest.approx(5 / 8)
        assert expit(found["both, alike"]) == pytest.approx(both)
        assert expit(found["either, alike"]) == pytest.approx(either)
        assert found["A above median"] == -1.0


def test_labels_have_their_probabilities():
    rng = np.random.default_rng(0)
    rewards = np.tile([0.4, -0.8], (200_000, 1))
    medians = np.tile([0.1, 0.2], (200_000, 1))
    labels = draw_labels(rewards, medians, 0.5, rng)
    expected = expit(true_logits(rewards[:1], medians[:1], 0.5)[0])
    assert labels.mean(0) == pytest.approx(expected, abs=0.005)
    assert (labels[:, 2] == (labels[:, 0] & labels[:, 1])).all()


def test_a_response_stands_at_the_lower_median():
    samples = np.array([[[4.0, 1.0], [2.0, 5.0], [3.0, 7.0], [1.0, 3.0]]])
    assert lower_medians(samples).tolist() == [[2.0, 3.0]]
