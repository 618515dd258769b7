"""PPO's fixed points on samples, what is said of many of them, and the bandits of the regimes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rewardlab.evaluation.fixed_points import at_mean_divergence, at_own_divergence, compared
from rewardlab.policies.base_samples import Samples
from rewardlab.policies.reweighting import fixed_point, path
from rewardlab.policies.sigma_regimes import deviations_of, returns_at, small_divergence_ratio
from rewardlab.policies.weighted_kl import ppo_fixed_point
from rewardlab.running.errors import UserError
from rewardlab.settings.regimes import BanditRegimesSettings
from rewardlab.stages.policies import choose_pairs, predict_policies, tabulate_inheritance
from rewardlab.stages.policies.simulate_regimes import cell
from rewardlab.stages.policies.tabulate_regimes import rows_of
from rewardlab.stages.policies.trace_fixed_points import described, traced

FINITE = st.floats(-5, 5)


def test_two_samples_by_hand():
    """With weights 1 the odds are exp(R / b): for b = 1 and R = ln 3, 0 they are 3 to 1."""
    found = fixed_point(np.array([np.log(3), 0.0]), np.ones(2), 1.0)
    assert found.probabilities == pytest.approx([0.75, 0.25])
    assert found.kl == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert found.effective == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert found.level == pytest.approx(np.log(2))  # of the mean of exp(R)


@given(
    arrays(float, (3, 6), elements=FINITE),
    arrays(float, (3, 6), elements=st.floats(0.2, 3)),
    st.floats(0.2, 20),
)
def test_samples_have_the_fixed_point_of_a_uniform_reference(rewards, weights, beta):
    found = fixed_point(rewards, weights, beta)
    exact = ppo_fixed_point(np.full(6, 1 / 6), rewards, weights, np.full(3, beta))
    np.testing.assert_allclose(found.probabilities, exact, atol=1e-9)
    slack = rewards - beta * weights * np.log(6 * np.maximum(found.probabilities, 1e-300))
    kept = found.probabilities > 1e-12
    levels = np.broadcast_to(found.level[:, None], slack.shape)
    np.testing.assert_allclose(slack[kept], levels[kept], atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_path_is_the_fixed_point_at_every_coefficient(dtype):
    rng = np.random.default_rng(0)
    rewards = rng.standard_normal((4, 500)).astype(dtype)
    weights = rng.uniform(0.5, 1.5, (4, 500)).astype(dtype)
    betas = np.geomspace(5, 0.2, 7)
    for beta, found in zip(betas, path(rewards, weights, betas), strict=True):
        alone = fixed_point(rewards, weights, beta)
        assert found.probabilities.dtype == dtype
        np.testing.assert_allclose(found.probabilities.sum(-1), 1, atol=1e-5)
        np.testing.assert_allclose(found.kl, alone.kl, atol=1e-4)


def test_a_shift_by_prompt_changes_nothing():
    rng = np.random.default_rng(0)
    rewards, weights = rng.standard_normal((2, 50)), rng.uniform(0.5, 1.5, (2, 50))
    first, second = (fixed_point(rewards + shift, weights, 0.5) for shift in (0.0, 7.0))
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-9)


def test_values_at_a_divergence():
    """Two ensembles of one head; values are ln KL, which is interpolated exactly."""
    kl = np.array([[[0.1, 1.0, 3.0]], [[0.3, 1.0, 5.0]]])
    targets = [0.7, 9.0]
    own = at_own_divergence(np.log(kl)[..., None], kl, targets)
    assert own.shape == (2, 2, 1, 1)
    assert own[0] == pytest.approx(np.full((2, 1, 1), np.log(0.7)))
    mean = np.broadcast_to(np.log(kl.mean((0, 1))), kl.shape)[..., None]
    assert at_mean_divergence(mean, kl, targets)[0] == pytest.approx(own[0])
    assert np.isnan(at_mean_divergence(mean, kl, targets)[1]).all()  # no path goes so far
    assert np.isnan(own[1]).all()


def test_variances_are_compared_without_the_noise_of_the_samples():
    """True variances 4 and 1 under noise as large again, which differs between the halves."""
    rng = np.random.default_rng(0)
    returns = [
        deviation * rng.standard_normal((400, 10, 1)) + 2 * rng.standard_normal((400, 10, 2)) + mean
        for deviation, mean in ((2.0, 0.0), (1.0, 0.5))
    ]
    found = compared(*returns)
    assert (found.vanilla, found.weighted) == (
        pytest.approx(4, rel=0.15),
        pytest.approx(1, rel=0.3),
    )
    assert found.ratio.low < 4 < found.ratio.high
    assert found.gain.value == pytest.approx(0.5, abs=0.2)
    assert found.gain.low < found.gain.value < found.gain.high


def test_ensembles_are_the_units():
    """Heads of an ensemble that are all alike say no more than one of them."""
    rng = np.random.default_rng(0)
    one = rng.standard_normal((50, 1, 2))
    widths = []
    for copies in (1, 20):
        vanilla = np.repeat(one, copies, axis=1)
        gain = compared(vanilla, np.zeros_like(vanilla)).gain
        widths.append(gain.high - gain.low)
    assert widths[1] == pytest.approx(widths[0], rel=0.05)


def test_the_closed_form_by_hand():
    """sigma 1 and 2, signal 1: (1 + E[1/s^2]) / (1 + 1/E[s^2]) = 1.625 / 1.4."""
    deviations = np.array([1.0, 2.0])
    assert small_divergence_ratio(deviations, 1.0, 1.0) == pytest.approx(1.625 / 1.4)
    inverse = (1 + 1 / 16) / (1 + 1 / 4)  # E[s^-4] / E[s^-2]
    assert small_divergence_ratio(deviations, 1.0, 2.0) == pytest.approx((1 + inverse) / 1.4)
    assert small_divergence_ratio(np.ones(3), 1.0, 2.0) == pytest.approx(1.0)


@pytest.mark.parametrize("exponent", [1.0, 2.0])
def test_the_closed_form_is_the_limit_of_sampling(exponent):
    rng = np.random.default_rng(0)
    shape = (200, 100, 32)
    true = rng.standard_normal((200, 1, 32))
    deviations = rng.uniform(0.3, 0.9, (200, 1, 32))
    rewards = true + deviations * rng.standard_normal(shape)
    vanilla, weighted = (
        returns_at(rewards, deviations**power, true, 0.01).var(1, ddof=1).mean()
        for power in (0.0, exponent)
    )
    expected = small_divergence_ratio(deviations, 1.0, exponent)
    assert expected > 1.1
    assert vanilla / weighted == pytest.approx(expected, rel=0.05)


def test_deviations_have_their_mean_and_spread():
    found = deviations_of(0.5, 0.4, (200_000,), np.random.default_rng(0))
    assert found.mean() == pytest.approx(0.5, rel=0.01)
    assert found.std() / found.mean() == pytest.approx(0.4, rel=0.02)
    assert (deviations_of(0.5, 0.0, (3,), np.random.default_rng(0)) == 0.5).all()


def test_where_sigma_is_even_and_known_there_is_nothing_to_gain():
    settings = BanditRegimesSettings(
        arms=16,
        divergences=(0.5,),
        noise=(1.0,),
        heterogeneity=(0.0,),
        heads=(5,),
        worlds=10,
        draws=20,
    )
    known, estimated = cell(1.0, 0.0, settings, [1.0], 0)
    assert (known["heads"], estimated["heads"]) == (0, 5)
    assert known["ratio"] == pytest.approx(1.0, abs=1e-6)
    assert known["gain"] == pytest.approx(0.0, abs=1e-9)
    assert known["small_divergence"] == pytest.approx(1.0)


@pytest.fixture
def samples() -> Samples:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((6, 80, 4)).astype(np.float32)
    return Samples({"features": features, "equal": features[..., 0].copy()})


def test_halves_and_their_rewards(samples):
    heads = np.eye(4, dtype=np.float32)[:2]
    rewards = samples.rewards(heads)
    assert rewards.shape == (2, 2, 6, 40)
    np.testing.assert_allclose(rewards.mean((1, 2, 3)), 0, atol=1e-6)
    shift = samples.gold["equal"] - rewards[0]
    np.testing.assert_allclose(shift, shift.flat[0], atol=1e-6)


def test_sigma_of_many_heads_is_that_of_their_rewards(samples):
    heads = np.random.default_rng(1).standard_normal((30, 4)).astype(np.float32)
    expected = samples.rewards(heads).std(0, ddof=1)
    np.testing.assert_allclose(samples.deviation(heads), expected, rtol=1e-4)


def test_the_noise_of_heads_is_within_prompts(samples):
    heads = np.random.default_rng(1).standard_normal((3, 5, 4)).astype(np.float32)
    found = described(samples, heads)
    flat = heads.reshape(-1, 4)
    rewards = np.concatenate([*np.moveaxis(samples.rewards(flat), 1, 0)], axis=-1)  # (15, 6, 80)
    within = rewards - rewards.mean(-1, keepdims=True)
    assert found["noise"] == pytest.approx(np.sqrt(within.var(0, ddof=1).mean()), rel=1e-3)
    assert found["signal"] == pytest.approx(within.mean(0).std(), rel=1e-3)


def test_the_table_of_heads_that_know_the_truth_and_err(samples):
    """Rewards are the gold one and errors of heads: every policy gains, and all rows are there."""
    rng = np.random.default_rng(2)
    truth = np.array([1.0, 0, 0, 0])
    parts = []
    for number in range(6):
        heads = (truth + 0.3 * rng.standard_normal((8, 4))).astype(np.float32)
        known = samples.deviation(heads)
        found = traced(samples, heads, known, [1.0, 2.0], [8.0, 4.0, 2.0, 1.0, 0.5], rng)
        parts.append(found.assign(ensemble=number))
    rows = rows_of(pd.concat(parts), [0.4, 99.0])
    controls = {(sigma, 1.0) for sigma in ("known", "shuffled")}
    ensemble = {("ensemble", exponent) for exponent in (1.0, 2.0)}
    assert {(row["sigma"], row["exponent"]) for row in rows} == ensemble | controls
    assert {row["match"] for row in rows} == {"mean", "each"}
    assert {row["divergence"] for row in rows} == {0.4}  # no path reaches the other
    assert all(np.isfinite(row["ratio"]) and 1 < row["effective"] <= 40 for row in rows)


def test_the_first_candidate_that_varies_enough_is_taken():
    rows = pd.DataFrame({"variance_between": [1.0, 2.1, 5.0], "variance_within": 1.0})
    assert choose_pairs.chosen(rows, 2.0) == 1
    assert choose_pairs.chosen(rows, 5.0) == 2
    assert choose_pairs.chosen(rows, 9.0) == 2  # none does: the last


def test_the_exact_variance_at_the_target(samples):
    """The same policies as the table compares, vanilla alone."""
    rng = np.random.default_rng(2)
    parts = []
    for number in range(6):
        heads = (np.eye(4)[0] + 0.3 * rng.standard_normal((8, 4))).astype(np.float32)
        found = traced(samples, heads, None, [1.0], [8.0, 4.0, 2.0, 1.0, 0.5], rng)
        parts.append(found.assign(ensemble=number))
    paths = pd.concat(parts)
    variance, beta = choose_pairs.exact_variance(paths, "equal", 0.4)
    row = next(row for row in rows_of(paths, [0.4]) if row["match"] == "mean")
    assert variance == pytest.approx(row["variance_vanilla"])
    vanilla = paths[paths.sigma.eq("vanilla")].groupby("beta").kl.mean()
    assert vanilla[vanilla > 0.4].index.max() < beta < vanilla[vanilla < 0.4].index.min()
    with pytest.raises(UserError, match="not the target of 9 "):
        choose_pairs.exact_variance(paths, "equal", 9.0)


def test_one_ensemble_gives_no_interval():
    returns = np.random.default_rng(0).standard_normal((1, 5, 2))
    found = compared(returns, 2 * returns)
    assert found.ratio.value == pytest.approx(0.25)
    assert np.isnan([found.ratio.low, found.ratio.high, found.gain.low]).all()


def test_the_slope_is_not_flattened_by_the_noise_of_the_samples():
    """Judged is half of the exact return, which is seen twice through noise as large as itself."""
    rng = np.random.default_rng(0)
    exact = rng.standard_normal((400, 5))
    halves = exact[..., None] + rng.standard_normal((400, 5, 2))
    judged = 0.5 * exact + 0.1 * rng.standard_normal((400, 5))
    found = predict_policies.slope_row("vanilla", judged, halves)
    assert found["value"] == pytest.approx(0.5, rel=0.1)
    assert found["ci_low"] < found["value"] < found["ci_high"]


def test_policies_are_predicted_at_their_coefficient_and_divergence(samples):
    """Against a head that is the gold reward, without a penalty by sigma."""
    heads = np.eye(4, dtype=np.float32)[:2]
    found = predict_policies.predicted(samples, [heads], 2, "equal", 0.0, 1.0, 0.3)
    exact = fixed_point(samples.rewards(heads)[0], np.ones((2, 6, 40), np.float32), 1.0)
    gold = samples.gold["equal"] - samples.gold["equal"].mean()
    expected = (exact.probabilities * gold).sum(-1).mean(-1)
    np.testing.assert_allclose(found[predict_policies.AT_BETA][0, 0], expected, rtol=1e-5)
    assert found["kl"][0, 0] == pytest.approx(exact.kl.mean(), rel=1e-5)
    assert found[predict_policies.AT_KL].shape == (1, 2, 2)
    assert found["kl"].mean() > 0.3  # and so at 0.3 nats there is less to gain
    assert (found[predict_policies.AT_KL][0, 0] < expected).all()


def test_policies_against_some_heads_have_the_sigma_of_all(samples):
    """Sigma is of the whole ensemble; what is predicted is of the first heads alone."""
    heads = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    arguments = "equal", 1.0, 1.0, 0.3
    every = predict_policies.predicted(samples, [heads], 5, *arguments)
    some = predict_policies.predicted(samples, [heads], 2, *arguments)
    assert some["kl"].shape == (1, 2)
    same = predict_policies.AT_BETA  # at equal divergence the mean is over the policies there are
    np.testing.assert_allclose(some[same], every[same][:, :2])


def test_variations_of_ppo_are_paired_on_the_heads_that_both_have():
    """Judged gains are the exact ones, and twice these in the variation: the slope rises by 1."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        [("policy", "vanilla", e, h, x) for e in range(4) for h, x in enumerate(rng.random(6))],
        columns=["panel", "method", "ensemble", "head", "exact"],
    )
    rows = rows.assign(exact_0=rows.exact, exact_1=rows.exact, kl=1.0, judged=rows.exact)
    varied = rows[rows["head"].lt(3)].assign(judged=lambda t: 2 * t.judged, kl=1.25)
    found = {row["method"]: row for row in tabulate_inheritance.paired_rows(rows, varied, "more")}
    assert found["vanilla, slope"]["value"] == pytest.approx(1.0)
    assert found["vanilla, KL"]["value"] == pytest.approx(0.25)
    assert found["vanilla, KL"]["ci_low"] == pytest.approx(0.25)
