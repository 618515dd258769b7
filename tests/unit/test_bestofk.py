"""Exact best-of-k against brute force, and what must hold at any k."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlab.evaluation import bestofk
from rewardlab.evaluation.bestofk import kl_bound, selection_shares, win_rates, win_shares


def by_brute_force(scores, rewards, size):
    """Return the mean over all y0 and all subsets of k others; ties share the choice."""
    samples, total, count = len(scores), np.zeros(2 + len(rewards)), 0
    for y0 in range(samples):
        others = [i for i in range(samples) if i != y0]
        for subset in itertools.combinations(others, size):
            best = [i for i in subset if scores[i] == max(scores[j] for j in subset)]
            for i in best:
                wins = rewards[:, i] > rewards[:, y0]
                total += np.array([wins.all(), wins.any(), *wins]) / len(best)
            count += 1
    return total / count


@pytest.mark.parametrize("levels", [2, 4, 100])
@pytest.mark.parametrize("properties", [2, 3])
def test_agrees_with_brute_force_with_and_without_ties(levels, properties):
    rng = np.random.default_rng(levels)
    scores = rng.integers(0, levels, (2, 3, 7)).astype(float)
    rewards = rng.integers(0, levels, (properties, 3, 7)).astype(float)
    sizes = np.array([1, 2, 3, 6])
    found = win_rates(scores, rewards, sizes)
    assert found.shape == (2, 2 + properties, 3, 4)
    for method, prompt, (index, size) in itertools.product(range(2), range(3), enumerate(sizes)):
        expected = by_brute_force(scores[method, prompt], rewards[:, prompt], size)
        assert found[method, :, prompt, index] == pytest.approx(expected, abs=1e-12)


def test_two_samples_by_hand():
    """Of two samples each is y0 once: the one that is better on both wins half of the time."""
    scores = np.array([[[0.0, 1.0]]])
    found = win_rates(scores, np.array([[[0.0, 1.0]], [[0.0, 2.0]]]), np.array([1]))
    assert found[0, :, 0, 0].tolist() == [0.5, 0.5, 0.5, 0.5]
    opposed = win_rates(scores, np.array([[[0.0, 1.0]], [[2.0, 0.0]]]), np.array([1]))
    assert opposed[0, :, 0, 0].tolist() == [0.0, 1.0, 0.5, 0.5]


def test_the_best_of_all_others_by_hand():
    """k = N - 1 of distinct scores by one reward: y1 is the best unless that is y0."""
    values = np.arange(5.0)
    found = win_rates(values[None, None], np.stack([values, values])[:, None], np.array([4]))
    assert found[0, :, 0, 0] == pytest.approx([4 / 5] * 4)


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.integers(3, 20))
def test_at_k_1_and_plus_or_is_one_without_ties(seed, samples):
    rng = np.random.default_rng(seed)
    scores, rewards = rng.standard_normal((1, 2, samples)), rng.standard_normal((2, 2, samples))
    found = win_rates(scores, rewards, np.array([1]))
    assert found[:, 0] + found[:, 1] == pytest.approx(np.ones((1, 2, 1)))
    assert found[:, 2:] == pytest.approx(np.full((1, 2, 2, 1), 0.5))


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_increasing_functions_of_a_score_change_nothing(seed):
    rng = np.random.default_rng(seed)
    scores, rewards = rng.standard_normal((1, 2, 9)), rng.standard_normal((2, 2, 9))
    sizes = np.array([1, 3, 8])
    assert np.array_equal(
        win_rates(scores, rewards, sizes), win_rates(np.exp(scores), rewards, sizes)
    )


def test_unbiased_at_large_k():
    """Over many pools of 8, the mean is the true win rate of the best of 7 by one reward: 7/8."""
    rng = np.random.default_rng(0)
    rewards = rng.standard_normal((1, 4000, 8))
    found = win_rates(rewards, np.concatenate([rewards, rewards]), np.array([7]))
    assert found[0, 0].mean() == pytest.approx(7 / 8, abs=1e-9)
    independent = rng.standard_normal((1, 4000, 8))
    found = win_rates(independent, np.concatenate([rewards, rewards]), np.array([7]))
    assert found[0, 0].mean() == pytest.approx(1 / 2, abs=4 * found[0, 0].std() / math.sqrt(4000))


def test_chunks_do_not_change_the_result(monkeypatch):
    rng = np.random.default_rng(0)
    scores, rewards = rng.standard_normal((2, 5, 6)), rng.standard_normal((2, 5, 6))
    sizes = np.array([1, 2, 5])
    whole = win_rates(scores, rewards, sizes)
    shares = win_shares(rewards, rewards)
    monkeypatch.setattr(bestofk, "CHUNK", 1)
    assert win_rates(scores, rewards, sizes) == pytest.approx(whole, abs=1e-14)
    assert np.array_equal(win_shares(rewards, rewards), shares)


def test_selection_shares_by_hand():
    found = selection_shares(4, np.array([1, 2, 4]))
    assert found[0].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found[1] == pytest.approx(np.array([0, 0, 1, 3, 6]) / 6)
    assert found[2].tolist() == [0, 0, 0, 0, 1]


def test_win_shares_by_hand():
    rewards = np.array([[[1.0, 3.0]], [[1.0, 0.0]]])
    others = np.array([[[0.0, 2.0, 1.0]], [[0.0, 2.0, -1.0]]])
    both, either = win_shares(rewards, others)
    assert both == pytest.approx(np.array([[1 / 3, 1 / 3]]))
    assert either == pytest.approx(np.array([[2 / 3, 1.0]]))


def test_kl_bound_by_hand():
    assert kl_bound(np.array([1, 2])) == pytest.approx([0, math.log(2) - 0.5])


def test_too_large_a_k_and_values_that_are_not_finite_are_refused():
    values = np.zeros((2, 1, 4))
    with pytest.raises(ValueError, match="from 1 to 3"):
        win_rates(values, values, np.array([4]))
    broken = values.copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        win_rates(values, broken, np.array([2]))
