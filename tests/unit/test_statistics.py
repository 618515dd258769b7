"""Intervals."""

import numpy as np
import pytest

from rewardlab.evaluation.statistics import (
    binomial_interval,
    bootstrap_interval,
    bootstrap_means,
    percentile_interval,
)


def test_binomial_interval_known_values():
    # Clopper-Pearson for 0, 5 and 10 of 10.
    low, high = binomial_interval(np.array([0, 5, 10]), np.array([10, 10, 10]))
    assert low == pytest.approx([0.0, 0.187086, 0.691503], abs=1e-6)
    assert high == pytest.approx([0.308497, 0.812914, 1.0], abs=1e-6)


def test_bootstrap_interval_of_a_mean_has_the_normal_width():
    sample = np.random.default_rng(0).standard_normal(400)
    low, high = bootstrap_interval(lambda s: s.mean(1), sample, np.random.default_rng(1))
    assert low < sample.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * sample.std() / 20, rel=0.1)


def test_bootstrap_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        sample = rng.exponential(size=100)
        low, high = bootstrap_interval(
            lambda s: s.mean(1), sample, np.random.default_rng(trial), resamples=400
        )
        covered += low <= 1.0 <= high
    assert 0.87 <= covered / 200 <= 0.99


def test_one_unit_has_no_interval():
    interval = bootstrap_interval(lambda s: s.mean(1), np.array([3.0]), np.random.default_rng(0))
    assert np.isnan(interval).all()
    means = bootstrap_means(np.ones((1, 2)), np.random.default_rng(0), 5)
    assert means.shape == (5, 2)
    assert np.isnan(percentile_interval(means)).all()
