"""Every command that the rules build is one that its stage takes."""

import importlib
import re
import shlex

from rewardlab.running import stage


def test_rules_and_signatures_agree(checkout):
    plan = checkout.run("-n", "-p", "--forceall", "extended", "preferences", "prompts")
    assert plan.code == 0, plan.text
    commands = set(re.findall(r"python -m (rewardlab\.stages\.\S+ .*)", plan.text))
    assert len(commands) > 50
    for command in commands:
        name, *words = shlex.split(command)
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
