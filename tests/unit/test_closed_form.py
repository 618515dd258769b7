"""Closed-form policies against values worked out by hand, and against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from rewardlab.policies import closed_form

ESTIMATE = np.array([3.0, 4.0])
VARIANCES = np.array([1.0, 4.0])


def test_unaware_step_by_hand():
    # |R| = 5, so with eps = 4 the step is 2/5 R.
    assert closed_form.unaware_step(ESTIMATE, 4.0) == pytest.approx([1.2, 1.6])


def test_aware_step_by_hand():
    # S^-1 R = (3, 1), R'S^-1 R = 9 + 4 = 13, eps~ = 1 * 4.
    expected = np.array([3.0, 1.0]) * np.sqrt(4 / 13)
    assert closed_form.aware_step(ESTIMATE, VARIANCES, 4.0) == pytest.approx(expected)


@given(
    st.lists(st.floats(-5, 5), min_size=3, max_size=3).filter(lambda r: sum(map(abs, r)) > 0.1),
    st.lists(st.floats(0.1, 10), min_size=3, max_size=3),
    st.floats(0.01, 10),
)
def test_steps_spend_their_budgets(estimate, variances, epsilon):
    estimate, variances = np.array(estimate), np.array(variances)
    unaware = closed_form.unaware_step(estimate, epsilon)
    aware = closed_form.aware_step(estimate, variances, epsilon)
    assert (unaware**2).sum() == pytest.approx(epsilon)
    assert (aware**2 * variances).sum() == pytest.approx(variances.min() * epsilon)
    # The ellipsoid lies inside the ball, and no feasible step gains more than the best one.
    assert (aware**2).sum() <= epsilon * (1 + 1e-9)
    assert aware @ estimate <= unaware @ estimate + 1e-9


def test_equal_variances_make_both_methods_one():
    variances = np.full(2, 7.0)
    aware = closed_form.aware_step(ESTIMATE, variances, 2.0)
    assert aware == pytest.approx(closed_form.unaware_step(ESTIMATE, 2.0))
    assert closed_form.equal_gain_spread_ratio(ESTIMATE, variances) == pytest.approx(1.0)


def test_a_step_in_a_metric_by_hand():
    """M = (1, 4): M^-1 R = (3, 1), R'M^-1 R = 13; with eps = 13 the step is (3, 1) itself."""
    metric = np.array([1.0, 4.0])
    step = closed_form.metric_step(ESTIMATE, metric, 13.0)
    assert step == pytest.approx([3.0, 1.0])
    assert (step**2 * metric).sum() == pytest.approx(13.0)


def test_a_gradient_step_is_as_long_as_the_ball_on_average():
    rng = np.random.default_rng(0)
    true, variances = closed_form.problem(50, 2.0, 3.0, 9.0, rng)
    estimates = true + np.sqrt(variances) * rng.standard_normal((20_000, 50))
    steps = closed_form.gradient_step(estimates, true, variances, 5.0)
    assert (steps**2).sum(-1).mean() == pytest.approx(5.0, rel=0.01)
    mean, deviation = closed_form.unaware_moments(true, variances, 5.0)
    assert (steps @ true).mean() == pytest.approx(mean, rel=0.03)
    assert (steps @ true).std() == pytest.approx(deviation, rel=0.02)


def test_the_problem_has_its_norm_and_its_range():
    true, variances = closed_form.problem(10, 3.0, 2.0, 5.0, np.random.default_rng(0))
    assert np.linalg.norm(true) == pytest.approx(3.0)
    assert true.sum() == pytest.approx(0.0)
    assert (variances.min(), variances.max()) == (2.0, 5.0)


def test_steps_take_many_estimates_at_once():
    many = np.stack([ESTIMATE, 2 * ESTIMATE, -ESTIMATE])
    rows = [closed_form.aware_step(row, VARIANCES, 1.0) for row in many]
    assert closed_form.aware_step(many, VARIANCES, 1.0) == pytest.approx(np.stack(rows))


@pytest.mark.parametrize(("low", "high"), [(3.0, 100.0), (70.0, 100.0)])
def test_moments_agree_with_draws(low, high):
    rng = np.random.default_rng(0)
    dimension, draws, epsilon = 400, 20_000, 17.0
    true = np.resize([1.0, -1.0], dimension) / np.sqrt(dimension)
    variances = rng.permutation(np.linspace(low, high, dimension))
    estimates = true + np.sqrt(variances) * rng.standard_normal((draws, dimension))
    for returns, moments in (
        (
            closed_form.unaware_step(estimates, epsilon) @ true,
            closed_form.unaware_moments(true, variances, epsilon),
        ),
        (
            closed_form.aware_step(estimates, variances, epsilon) @ true,
            closed_form.aware_moments(true, variances, epsilon),
        ),
    ):
        error = moments.deviation / np.sqrt(draws)
        assert returns.mean() == pytest.approx(moments.mean, abs=5 * error)
        assert returns.std() == pytest.approx(moments.deviation, rel=0.03)


def test_the_papers_printed_deviations_follow_from_one_fitted_number():
    """Figure 3: 0.13, 0.04; Figure 4: 0.14, 0.12. Only sqrt(eps) |r*| = sqrt(17) is fitted."""
    true = np.resize([1.0, -1.0], 1000) / np.sqrt(1000)
    wide, narrow = np.linspace(3, 100, 1000), np.linspace(70, 100, 1000)
    assert round(closed_form.unaware_moments(true, wide, 17.0).deviation, 2) == 0.13
    assert round(closed_form.aware_moments(true, wide, 17.0).deviation, 2) == 0.04
    assert round(closed_form.unaware_moments(true, narrow, 17.0).deviation, 2) == 0.13
    assert round(closed_form.aware_moments(true, narrow, 17.0).deviation, 2) == 0.12
    assert closed_form.equal_gain_spread_ratio(true, wide) == pytest.approx(1.36, abs=0.01)
    assert closed_form.equal_gain_spread_ratio(true, narrow) == pytest.approx(1.005, abs=0.001)


def test_underperformance_by_hand():
    # |r|^2 = 25, r'S r = 9 + 64 = 73, r'S^-1 r = 9 + 4 = 13.
    unaware = closed_form.unaware_underperformance(ESTIMATE, VARIANCES)
    assert unaware == pytest.approx(norm.cdf(-25 / np.sqrt(73)))
    aware = closed_form.aware_underperformance(ESTIMATE, VARIANCES)
    assert aware == pytest.approx(norm.cdf(-np.sqrt(13)))
    assert aware <= unaware


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.1, 50)), min_size=2, max_size=6))
def test_theorem_3_3_holds_in_closed_form(arms):
    true, variances = np.array(arms).T
    if (true**2).sum() > 1e-3:
        aware = closed_form.aware_underperformance(true, variances)
        assert aware <= closed_form.unaware_underperformance(true, variances) + 1e-12


def test_outside_simplex():
    reference = np.full(2, 0.5)
    steps = np.array([[0.1, -0.1], [0.6, -0.6], [0.1, 0.1]])
    assert closed_form.outside_simplex(reference, steps).tolist() == [False, True, True]
