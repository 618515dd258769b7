"""Combination functions and references."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import QuantileRegressor

from rewardlab.rewards.combinations import lsc_sum, minimum, reward_sum, sigmoid_and, sigmoid_or
from rewardlab.rewards.references import fit_quantile_head, sample_quantile

FUNCTIONS = (sigmoid_and, sigmoid_or, lsc_sum, reward_sum, minimum)
rewards = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=5)


def logit(p):
    return math.log(p / (1 - p))


def test_two_properties_by_hand():
    """Probabilities 3/4 and 1/3: both 1/4, at least one 5/6."""
    pair = torch.tensor([logit(3 / 4), logit(1 / 3)], dtype=torch.float64)
    assert sigmoid_and(pair).item() == pytest.approx(logit(1 / 4))
    assert sigmoid_or(pair).item() == pytest.approx(logit(5 / 6))
    assert lsc_sum(pair).item() == pytest.approx(math.log(1 / 4))
    assert reward_sum(pair).item() == pytest.approx(logit(3 / 4) + logit(1 / 3))
    assert minimum(pair).item() == pytest.approx(logit(1 / 3))


def test_weights_by_hand():
    """Probability 1/2 counted three times, and 1/4 once."""
    pair = torch.tensor([0.0, logit(1 / 4)], dtype=torch.float64)
    weights = torch.tensor([3.0, 1.0], dtype=torch.float64)
    assert sigmoid_and(pair, weights).item() == pytest.approx(logit(1 / 32))
    assert sigmoid_or(pair, weights).item() == pytest.approx(logit(1 - 3 / 32))
    assert lsc_sum(pair, weights).item() == pytest.approx(math.log(1 / 32))
    assert reward_sum(pair, weights).item() == pytest.approx(logit(1 / 4))


def test_theorem_2_1_on_a_simulated_property():
    """Labels drawn independently given the response: the combined logit predicts both, and any."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 2, generator=generator, dtype=torch.float64)
    labels = torch.rand(200_000, 3, 2, generator=generator, dtype=torch.float64) < logits.sigmoid()
    error = 4 * math.sqrt(0.25 / 200_000)
    both, either = labels.all(-1).double().mean(0), labels.any(-1).double().mean(0)
    assert sigmoid_and(logits).sigmoid().tolist() == pytest.approx(both.tolist(), abs=error)
    assert sigmoid_or(logits).sigmoid().tolist() == pytest.approx(either.tolist(), abs=error)


def test_theorem_3_1_a_centred_reward_is_a_logit():
    """A Bradley-Terry judge prefers y to the median response with probability sigmoid(centred)."""
    rng = np.random.default_rng(0)
    samples = rng.normal(7.0, 2.0, 61)  # an odd number: the median is one of them
    median = sample_quantile(samples, 0.5)
    assert median in samples
    reward = 8.3
    noise = rng.gumbel(size=(2, 400_000))  # the difference of two Gumbels is logistic
    preferred = (reward + noise[0] > median + noise[1]).mean()
    centred = torch.tensor(reward - median)
    assert centred.sigmoid().item() == pytest.approx(preferred, abs=4 * math.sqrt(0.25 / 400_000))


@given(rewards)
def test_finite_with_finite_gradients(values):
    for function in FUNCTIONS:
        tensor = torch.tensor(values, requires_grad=True)
        result = function(tensor)
        result.backward()
        assert result.isfinite()
        assert tensor.grad.isfinite().all()


@given(rewards)
def test_order_of_properties_does_not_matter(values):
    for function in FUNCTIONS:
        forward, backward = (function(torch.tensor(v).double()) for v in (values, values[::-1]))
        assert forward.item() == pytest.approx(backward.item(), rel=1e-9, abs=1e-9)


@given(rewards)
def test_or_is_the_negation_of_and(values):
    tensor = torch.tensor(values).double()
    assert sigmoid_or(tensor).item() == -sigmoid_and(-tensor).item()


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_and_of_two_is_one_logsumexp(a, b):
    """Odds against both: e^-a + e^-b + e^-(a+b)."""
    terms = torch.tensor([-a, -b, -a - b], dtype=torch.float64)
    found = sigmoid_and(torch.tensor([a, b], dtype=torch.float64)).item()
    assert found == pytest.approx(-torch.logsumexp(terms, 0).item(), rel=1e-9, abs=1e-9)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50))
def test_and_is_associative(a, b, c):
    def both(*values):
        return sigmoid_and(torch.tensor(values, dtype=torch.float64)).item()

    assert both(both(a, b), c) == pytest.approx(both(a, b, c), rel=1e-9, abs=1e-9)


@given(rewards)
def test_between_the_bounds(values):
    """AND is below the minimum, OR above the maximum."""
    tensor = torch.tensor(values).double()
    rounding = 1e-12 * (1 + tensor.abs().max())
    assert sigmoid_and(tensor) <= minimum(tensor) + rounding
    assert sigmoid_or(tensor) >= tensor.max() - rounding


@given(st.lists(st.floats(-30, 30), min_size=6, max_size=6))
def test_the_lsc_sum_orders_as_and_does(values):
    pairs = torch.tensor(values).double().reshape(3, 2)
    order = lsc_sum(pairs).argsort()
    assert (sigmoid_and(pairs)[order].diff() >= -1e-9).all()


def test_batches_keep_their_shape():
    batch = torch.randn(4, 3, 2)
    for function in FUNCTIONS:
        assert function(batch).shape == (4, 3)
        assert torch.allclose(function(batch)[1, 2], function(batch[1, 2]))


@pytest.mark.parametrize("quantile", [0.5, 0.85])
def test_quantile_head_agrees_with_a_linear_programme(quantile):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 3)) * [1.0, 5.0, 0.1] + 2.0
    samples = (features @ [1.0, -0.5, 2.0])[:, None] + rng.exponential(size=(60, 8))
    head = fit_quantile_head(features, samples, quantile, penalty=0.0, smoothing=0.002)
    exact = QuantileRegressor(quantile=quantile, alpha=0.0)
    exact.fit(np.repeat(features, 8, axis=0), samples.ravel())
    assert head(features) == pytest.approx(exact.predict(features), abs=0.05)
    assert (samples <= head(features)[:, None]).mean() == pytest.approx(quantile, abs=0.02)


def test_quantile_head_with_a_constant_feature():
    features = np.ones((20, 1))
    samples = np.random.default_rng(0).normal(3.0, 1.0, (20, 50))
    head = fit_quantile_head(features, samples, 0.5)
    assert head(features) == pytest.approx(np.full(20, np.median(samples)), abs=0.02)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_combined_in_single(kind):
    """-150 to the last bit of the kind, of which bfloat16 alone would make -148."""
    rewards = torch.tensor([-100.0, -50.0], dtype=kind)
    assert sigmoid_and(rewards) == torch.tensor(-150.0, dtype=kind)
    assert sigmoid_and(rewards).dtype == kind
    assert lsc_sum(rewards) == torch.tensor(-150.0, dtype=kind)
    assert reward_sum(torch.full((1000,), 1.0, dtype=kind)) == 1000
