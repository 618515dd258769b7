"""The search for a coefficient, and what is said of many policies."""

import numpy as np
import pandas as pd
import pytest

from rewardlab.evaluation.matched_kl import NotReached, Trial, find_beta, interpolated, next_beta
from rewardlab.evaluation.method_summary import summary
from rewardlab.evaluation.spread import (
    cluster_rows,
    components,
    judged,
    reliability_of_ratio,
    true_variance,
    variance_ratio,
)
from rewardlab.policies.weighted_kl import ppo_fixed_point
from rewardlab.stages.policies.check_fixed_point import FixedPointSettings, trained_policy


def test_the_search_reaches_the_target_on_a_curve():
    """KL = 1 / beta + 0.3: the coefficient is 1 for 1.3, between trials that lie on a curve."""
    found, trials = find_beta(lambda beta: np.array([[1 / beta + 0.3] * 3]), 1.3, 1e-9, 7.0, 20)
    assert found.beta == pytest.approx(1.0, rel=0.02)
    assert [trial.beta for trial in trials[:4]] == pytest.approx([7.0, 3.5, 1.75, 0.875])
    assert found not in trials  # it lies between two of them, which are near
    assert found.kl == 1.3


def test_a_trial_that_comes_near_is_taken():
    found, trials = find_beta(lambda beta: np.array([[1 / beta] * 3]), 1.3, 0.4, 8.0, 20)
    assert found == trials[-1]
    assert found.beta == pytest.approx(1.0)


def test_between_far_trials_nothing_is_interpolated():
    trials = [Trial(1.0, 2.0, 0.1), Trial(2.0, 1.0, 0.2)]
    assert interpolated(trials, 1.3) is None
    assert interpolated(trials[:1], 1.3) is None
    near = interpolated([*trials, Trial(1.5, 4 / 3, 0.3)], 1.1)
    assert near == pytest.approx((1.5 * (4 / 3) ** (np.log(40 / 33) / np.log(4 / 3)), 1.1, 0.2))


def test_the_search_says_how_near_it_came():
    with pytest.raises(NotReached, match=r"after 3 coefficients the nearest KL divergence to 1\.3"):
        find_beta(lambda beta: np.array([[5.0, 5.1]]), 1.3, 0.1, 1.0, 3)


@pytest.mark.parametrize("divergences", [[[1.2, 1.4]], [[1.1, 1.3], [1.2, 1.6]]])
def test_the_standard_error_is_over_ensembles_where_there_are_several(divergences):
    """Means 1.2 and 1.4, of two pilots or of two ensembles."""
    found, _ = find_beta(lambda beta: np.array(divergences), 1.3, 0.1, 1.0, 1)
    assert (found.kl, found.error) == pytest.approx((1.3, 0.1))


def test_between_two_trials_the_next_lies_between():
    trials = [Trial(1.0, 2.0, 0.1), Trial(2.0, 1.0, 0.1)]
    assert 1.0 < next_beta(trials, 1.3, 1.0) < 2.0


def test_noise_that_turns_trials_around_does_not_leave_the_bracket():
    trials = [Trial(1.0, 1.1, 0.1), Trial(1.2, 1.5, 0.1)]
    assert 1.0 < next_beta(trials, 1.3, 1.0) < 1.2


def test_judged_by_hand():
    """Two prompts, two samples each: within variances 2 and 8, halved, averaged, over 2 prompts."""
    found = judged(np.array([[1.0, 3.0], [4.0, 8.0]]))
    assert found.mean == 4.0
    assert found.noise == pytest.approx((2 / 2 + 8 / 2) / 2 / 2)


def test_the_noise_is_taken_off_without_bias():
    """Policies of true variance 0.04, each judged on few samples."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        true = rng.normal(0, 0.2, 40)
        parts = [judged(t + rng.normal(0, 1, (25, 2)) + np.arange(25)[:, None]) for t in true]
        means, noise = np.array(parts).T
        found.append((means.var(ddof=1), true_variance(means, noise)))
    raw, cleaned = np.mean(found, axis=0)
    assert raw == pytest.approx(0.04 + 1 / 50, rel=0.05)
    assert cleaned == pytest.approx(0.04, rel=0.06)


def test_components_by_hand():
    """Heads at 0 and 2, trials 1 apart on either side: within 2, between 2 - 1."""
    means = np.array([[-1.0, 1.0], [1.0, 3.0]])
    found = components(means, np.zeros((2, 2)))
    assert found.within == 2.0
    assert found.between == pytest.approx(2.0 - 1.0)


def test_clusters_are_drawn_whole():
    clusters = [np.array([0, 1, 2]), np.array([3, 4, 5])]
    rng = np.random.default_rng(0)
    for _ in range(20):
        rows = cluster_rows(clusters, rng, nested=False).reshape(2, 3)
        assert all(row.tolist() in ([0, 1, 2], [3, 4, 5]) for row in rows)
    nested = [cluster_rows(clusters, rng, nested=True) for _ in range(20)]
    assert any(len(set(rows[:3].tolist())) < 3 for rows in nested)


def test_variance_ratio_by_hand():
    """Variances 8 and 2, less noise of 2 and 1: six to one. All noise: no bound."""
    first = np.array([[0.0, 4.0], [2.0, 2.0]])
    second = np.array([[0.0, 2.0], [1.0, 1.0]])
    assert variance_ratio(first, second) == pytest.approx(6.0)
    assert variance_ratio(first, np.array([[0.0, 2.0], [5.0, 5.0]])) == np.inf


def test_reliability_grows_with_the_number_of_clusters():
    """Few clusters of equal policies: little power. Many independent ones: nearly all."""
    rng = np.random.default_rng(0)
    few = [np.arange(4) + 4 * index for index in range(5)]
    many = [np.array([index]) for index in range(150)]
    weak = reliability_of_ratio(few, False, 0.9, 0.1, 2.0, rng, trials=60, resamples=200)
    strong = reliability_of_ratio(many, False, 0.0, 0.1, 2.0, rng, trials=60, resamples=200)
    assert weak.power < strong.power
    assert strong.power > 0.85
    assert strong.coverage > 0.85


def test_ppo_comes_to_rest_at_its_own_fixed_point():
    """With a weighted penalty, on three single-token responses."""
    settings = FixedPointSettings(
        arms=3, exponents=(2,), beta=0.7, steps=150, batch_size=512, learning_rate=0.01
    )
    rewards, weights = np.array([0.5, -0.5, 0.2]), np.array([0.3, 1.0, 2.5])
    reference, trained = trained_policy(rewards, weights, settings, seed=0)
    expected = ppo_fixed_point(reference, rewards, weights, np.array(0.7))
    assert np.abs(trained - expected).sum() / 2 < 0.01
    assert np.abs(trained - reference).sum() / 2 > 0.1


def test_one_policy_has_no_interval():
    one = pd.DataFrame({"judged": [0.2], "noise": [0.01], "kl": [1.0]})
    found = summary(one, np.random.default_rng(0))
    assert found["judged"] == 0.2
    ends = [f"{name}_{end}" for name in ("judged", "variance") for end in ("low", "high")]
    assert np.isnan([found[name] for name in ends]).all()
