"""What a job may take: the rules' defaults hold under any profile, and the user's go first."""

import re

import pytest

PLAN = ("-n", "--forceall", "uncertainty_fig3")


def resources_of(run) -> dict[str, str]:
    assert run.code == 0, run.text
    found = re.search(r"rule simulate_returns:(?:\n .*)*?\n    resources: (.*)", run.text)[1]
    return dict(part.split("=", 1) for part in found.split(", "))


DEFAULTS = {"mem_mb": "4000", "runtime": "240", "gpu": "0"}
PROFILE = "default-resources: {mem_mb: 777, slurm_partition: x}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), DEFAULTS),
        (("--workflow-profile", "none"), DEFAULTS),
        (("--default-resources", "mem_mb=5000"), {**DEFAULTS, "mem_mb": "5000"}),
        (
            ("--default-resources", "mem=5GB", "runtime=5"),
            {**DEFAULTS, "mem_mb": "5000", "runtime": "5"},
        ),
        (("--default-resources", "slurm_partition=x"), DEFAULTS),
        (("--profile", "mine"), {**DEFAULTS, "mem_mb": "777"}),
        (("--workflow-profile", "mine"), {**DEFAULTS, "mem_mb": "777"}),
    ],
    ids=str,
)
def test_defaults_hold_and_the_users_go_first(checkout, options, expected):
    profile = checkout.path("mine/config.yaml")
    profile.parent.mkdir()
    profile.write_text(PROFILE)
    found = resources_of(checkout.run(*PLAN[:2], *options, "--", PLAN[2]))
    assert {name: found[name] for name in expected} == expected


def test_what_a_rule_needs_is_not_cut_by_a_users_default(checkout):
    run = checkout.run("-n", "--default-resources", "runtime=5")
    found = re.findall(r"rule (\w+):(?:\n .*)*?\n    resources: .*runtime=(\d+)", run.text)
    assert dict(found)["train_policies"] == "1440"
    assert dict(found)["simulate_returns"] == "5"


def cards_of(checkout, *settings) -> dict[str, str]:
    """Return what every rule asks for on a cluster with cards."""
    run = checkout.run("-n", "--config", "gpus=2", *settings, "--resources", "gpu=8")
    assert run.code == 0, run.text
    return dict(re.findall(r"rule (\w+):(?:\n .*)*?\n    resources: (.*)", run.text))


def test_cards_by_rule(checkout):
    found = cards_of(checkout)
    assert "gpu=2" in found["train_reward_model"]
    assert "gpu=1" in found["train_policies"]
    assert "gpu=0" in found["simulate_returns"]


def test_cards_by_the_name_that_slurm_has_for_them_are_asked_for_once(checkout):
    found = cards_of(checkout, "gres=gpu:a100")
    assert "gres=gpu:a100:2" in found["train_reward_model"]
    assert "gres=gpu:a100:1" in found["train_policies"]
    assert "gres" not in found["simulate_returns"]
    assert not [rule for rule, given in found.items() if re.search("gpu=[1-9]", given)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("gpus=1", "device=cpu"), "device is cpu, but gpus is 1; expected gpus: 0 beside it"),
        (("gres=a100!",), "gres is 'a100!'"),
        (("gpus=2",), "gpus is 2, but this run may use 1"),
    ],
)
def test_cards_that_cannot_be_had_are_refused_in_a_sentence(checkout, given, sentence):
    run = checkout.run("-n", "--config", *given)
    assert run.code
    assert sentence in run.text
    assert "Traceback" not in run.text
