"""Experiments as data: which policies, which jobs, which ensembles."""

from pathlib import Path

import pytest
import yaml

from rewardlab.policies.experiments import (
    Run,
    batches_of,
    ensembles_of,
    factors_of,
    policies_of,
    runs_of,
)
from rewardlab.policies.names import PILOT, Policy
from rewardlab.settings.compose import validate
from rewardlab.settings.policies import ExperimentSettings

CONFIG = Path(__file__).parents[2] / "config.yaml"


@pytest.fixture
def config():
    config = yaml.safe_load(CONFIG.read_text())
    config["policies"]["ensemble"]["heads"] = 3
    config["policies"]["experiments"] |= {
        "trials": {"methods": ["reference", "vanilla"], "policies_per_head": 2},
        "fresh": {"methods": ["vanilla"], "ensembles": 2},
        "one": {"methods": ["mean"], "ensembles": 2, "heads": 1, "kl_factors": [0.5, 2]},
    }
    return config


def test_policies_are_numbered_by_ensemble_head_and_trial():
    more = ExperimentSettings(methods=("vanilla",), heads=9)
    assert [policy.head for policy in policies_of(more, 3)] == [0, 1, 2]  # all that there are
    found = policies_of(ExperimentSettings(methods=("vanilla",), ensembles=2, heads=2), 5)
    assert found == [Policy(0, 0, 0, 0), Policy(1, 0, 1, 0), Policy(2, 1, 0, 0), Policy(3, 1, 1, 0)]
    trials = policies_of(ExperimentSettings(methods=("vanilla",), policies_per_head=2), 2)
    assert [policy[1:] for policy in trials] == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]


def test_a_job_trains_so_many_policies(config):
    whole = validate(config).policies
    assert [len(batch) for batch in batches_of(whole, "trials", "vanilla")] == [6]
    config["policies"]["policies_per_job"] = 4
    parts = validate(config).policies
    assert [len(batch) for batch in batches_of(parts, "trials", "vanilla")] == [4, 2]
    for name in ("trials", "fresh"):  # the same policies, whatever the jobs
        both = (batches_of(settings, name, "vanilla") for settings in (whole, parts))
        first, second = ([policy for batch in jobs for policy in batch] for jobs in both)
        assert first == second


def test_a_job_with_transformed_rewards_trains_at_all_divergences(config):
    config["policies"]["policies_per_job"] = 8
    settings = validate(config).policies
    experiment = settings.experiments["lsc-helpful"]
    runs = list(runs_of(settings, "lsc-helpful"))
    assert runs == [
        Run("lsc-helpful", method, "grid", batch) for method in ("raw", "lsc") for batch in (0, 1)
    ]
    assert [len(batch) for batch in batches_of(settings, "lsc-helpful", "lsc")] == [2, 2]
    assert factors_of(experiment, "grid") == list(experiment.divergences)
    assert factors_of(settings.experiments["one"], "0.5") == [0.5]


def test_the_base_model_is_a_method_with_one_job(config):
    settings = validate(config).policies
    assert len(batches_of(settings, "trials", "reference")) == 1
    runs = list(runs_of(settings, "trials"))
    assert runs == [Run("trials", "reference", "1", 0), Run("trials", "vanilla", "1", 0)]


def test_factors_multiply_the_jobs_of_trained_methods(config):
    runs = list(runs_of(validate(config).policies, "one"))
    assert [(run.factor, run.batch) for run in runs] == [("0.5", 0), ("2", 0)]


def test_names_that_the_seeds_of_heads_derive_from(config):
    settings = validate(config).policies
    assert ensembles_of(settings, PILOT) == ["pilot-0", "pilot-1", "pilot-2"]
    assert ensembles_of(settings, "trials") == ["trials"]
    assert ensembles_of(settings, "fresh") == ["fresh-0", "fresh-1"]
