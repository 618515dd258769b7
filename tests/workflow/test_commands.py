"""Every command that the rules build is one that its stage takes."""

import importlib
import re
import shlex

import pytest
import yaml

from rewardlab.running import stage


@pytest.mark.parametrize("settings", [[], ["policies={judge: generative, chosen_pairs: null}"]])
def test_rules_and_signatures_agree(checkout, settings):
    asked = ("-n", "-p", "--forceall", "extended", "preferences", "prompts")
    plan = checkout.run(*asked, *(["--config", *settings] if settings else []))
    assert plan.code == 0, plan.text
    commands = set(re.findall(r"python -m rewardlab\.job (stages\.\S+ .*)", plan.text))
    assert len(commands) > 50
    for command in commands:
        stage_name, *words = shlex.split(command)
        name = f"rewardlab.{stage_name}"
        module = importlib.import_module(name)
        (function,) = (
            value
            for value in vars(module).values()
            if hasattr(value, "parameters") and value.__module__ == name
        )
        given = vars(stage._parser(function, name).parse_args(words))
        for parameter in function.parameters:
            if parameter.role == "setting":
                stage._setting(parameter, given)


@pytest.mark.parametrize(("beta", "is_drawn"), [("search", True), (0.3, False)])
def test_a_search_is_drawn_where_there_is_one(checkout, beta, is_drawn):
    """Where all coefficients are set, as in the paper's own settings, nothing is there to draw."""
    methods = {"vanilla": {"beta": beta}, "variance_aware": {"beta": 0.3}}
    mine = yaml.safe_dump({"policies": {"methods": methods}})
    checkout.path("mine.yaml").write_text(mine)
    plan = checkout.run("-n", "--forceall", "--configfile", "mine.yaml", scale="--keep-going")
    assert plan.code == 0, plan.text
    assert ("draw_uncertainty_search" in plan.text) == is_drawn
