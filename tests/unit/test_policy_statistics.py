"""The search for a coefficient, and what is said of many policies."""

import numpy as np
import pandas as pd
import pytest

from rewardlab.evaluation.estimates import Estimate, jackknife, pooled
from rewardlab.evaluation.matched_kl import NotReached, Trial, find_beta, interpolated, next_beta
from rewardlab.evaluation.method_summary import summary
from rewardlab.evaluation.spread import (
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
    assert len(trials) <= 5
    assert found not in trials  # it lies between two of them, which are near
    assert found.kl == 1.3


def test_a_near_start_takes_two_trials():
    """KL = 1 / beta: beyond the target at once, and then between the two."""
    found, trials = find_beta(lambda beta: np.array([[1 / beta] * 3]), 1.3, 1e-9, 1.0, 20)
    assert len(trials) == 2
    assert trials[0].kl < 1.3 < trials[1].kl
    assert found.beta == pytest.approx(1 / 1.3)


def test_a_trial_that_comes_near_is_taken():
    found, trials = find_beta(lambda beta: np.array([[1 / beta] * 3]), 1.3, 0.4, 8.0, 20)
    assert found == trials[-1]
    assert found.kl == pytest.approx(1.3, abs=0.4)


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


def test_variance_ratio_by_hand():
    """Variances 8 and 2, less noise of 2 and 1: six to one. All noise: no bound."""
    first = np.array([[0.0, 4.0], [2.0, 2.0]])
    second = np.array([[0.0, 2.0], [1.0, 1.0]])
    assert variance_ratio(first, second) == pytest.approx(6.0)
    assert variance_ratio(first, np.array([[0.0, 2.0], [5.0, 5.0]])) == np.inf


def test_the_interval_of_a_ratio_covers_what_it_says_and_pairing_gives_it_power():
    """Ten clusters of ten: where variances are equal, 95 % cover 1; alike methods tell more."""
    rng = np.random.default_rng(0)
    design = {"clusters": 10, "size": 10, "common": 0.1, "noise": 0.05, "rng": rng, "trials": 2000}
    apart, alike = (reliability_of_ratio(paired=rho, ratio=1.5, **design) for rho in (0.0, 0.8))
    assert apart.power < 0.5 < 0.7 < alike.power
    assert reliability_of_ratio(paired=0.8, ratio=1.0, **design).coverage == pytest.approx(
        0.95, abs=0.02
    )


def test_jackknife_of_a_mean_is_students_interval():
    """1, 2, 3, 6: mean 3, standard deviation sqrt(14/3), over sqrt(4); t with 3 degrees 3.182."""
    sample = np.array([1.0, 2.0, 3.0, 6.0])
    found = jackknife(3.0, np.array([np.delete(sample, unit).mean() for unit in range(4)]))
    error = np.sqrt(14 / 3) / 2
    assert found == pytest.approx((3.0, error, 3, False))
    assert found.quantity.low == pytest.approx(3.0 - 3.182446 * error, abs=1e-5)


def test_a_ratio_is_estimated_by_its_logarithm():
    found = jackknife(2.0, np.array([1.0, 4.0]), log=True)
    assert found == pytest.approx((np.log(2), np.log(2), 1, True))  # sqrt(1/2 (2 log(2)^2))
    assert found.quantity.value == pytest.approx(2.0)
    endless = jackknife(np.inf, np.array([1.0, np.inf]), log=True).quantity
    assert endless.value == np.inf
    assert np.isnan([endless.low, endless.high]).all()


def test_independent_estimates_are_pooled():
    """Errors 3 and 4 give 5 over 2; equal freedoms of equal errors add up."""
    assert pooled([Estimate(1.0, 3.0, 9), Estimate(2.0, 4.0, 9)])[:2] == pytest.approx((1.5, 2.5))
    assert pooled([Estimate(1.0, 1.0, 9)] * 3).freedom == pytest.approx(27)


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
