"""What rules are made of: commands from names, files by settings."""

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from rewardlab import inputs
from rewardlab.rules import (
    Runs,
    asked_for,
    caption,
    check_targets,
    files,
    recorded,
    seeds_of,
    shown,
    table,
    tables,
)
from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.compose import validate

ROOT = Path(__file__).parents[2]


class Wildcards(dict):
    """Wildcards as rules see them: by attribute and by name."""

    __getattr__ = dict.__getitem__


def settings_of(**overlay):
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    for path, value in overlay.items():
        *sections, key = path.split("__")
        section = config
        for name in sections:
            section = section[name]
        section[key] = value
    return validate(config)


MAIN = settings_of()
WHOLE = settings_of(rewards__ensemble__kind="independent", rewards__ensemble__heads=2, seed=7)
RUNS = Runs({"main": MAIN, "whole": WHOLE})


def arguments(params, **wildcards):
    words = shlex.split(params["arguments"](Wildcards(wildcards)))
    return dict(zip(words[::2], words[1::2], strict=True))


def test_a_stage_gets_the_settings_of_its_run():
    params = RUNS.stage(
        "rewards.fit_heads",
        settings="rewards.ensemble",
        seed=["fit_heads", "{set}"],
        name="{set}",
        numbers=[1, 2],
        factor=lambda config, wildcards: config.rewards.ensemble.heads,
    )
    assert params["module"] == "stages.rewards.fit_heads"
    found = arguments(params, run="whole", set="overall")
    assert found["--seed"] == str(derive_seed(7, "fit_heads", "overall"))
    assert yaml.safe_load(found["--settings"])["kind"] == "independent"
    assert (found["--name"], found["--numbers"], found["--factor"]) == ("overall", "[1, 2]", "2")
    other = arguments(params, run="main", set="overall")
    assert yaml.safe_load(other["--settings"])["heads"] == 10


def test_settings_by_several_names_survive_the_shell():
    params = RUNS.stage(
        "aggregation.gather_pool",
        settings={"world": "world", "kind": "rewards.ensemble.kind"},
        text=["it's", "a {brace}"],
    )
    found = arguments(params, run="main")
    assert yaml.safe_load(found["--world"])["overall_weights"] == [1.0, 1.0]
    assert found["--kind"] == "paper"
    assert yaml.safe_load(found["--text"]) == ["it's", "a {brace}"]


def test_named_files_are_handed_over_and_unnamed_ones_are_only_followed():
    given = SimpleNamespace(items=lambda: [("model", "a b"), ("scores", ["c", "d"]), ("none", [])])
    made = SimpleNamespace(items=lambda: [("by_prompt", "e")])
    assert files(None, given, made) == "--model 'a b' --scores c d --by-prompt e"


def test_paths_by_the_settings_of_the_run():
    one = RUNS.path("<results>/models/reward_model_{config.rewards.shown}_{set}.json")
    assert one(Wildcards(run="main", set="x")) == "<results>/models/reward_model_overall_x.json"
    models = RUNS.paths("<results>/models/{name}.json", name=inputs.scoring_models)
    ensemble = {"model": "ensemble", "set": "overall"}
    assert models(Wildcards(run="main", **ensemble)) == ["<results>/models/ensemble_overall.json"]
    assert models(Wildcards(run="whole", **ensemble)) == [
        "<results>/models/member_overall_0.json",
        "<results>/models/member_overall_1.json",
    ]
    trained = RUNS.paths("<results>/models/drawn_{experiment}.json", when=inputs.is_trained)
    for method, expected in (("vanilla", ["<results>/models/drawn_fig7.json"]), ("reference", [])):
        assert trained(Wildcards(run="main", experiment="fig7", method=method)) == expected


def test_paths_of_several_names_are_all_their_pairs():
    both = RUNS.paths(
        "{responses}_by_{name}", responses=inputs.pool_responses, name=inputs.properties
    )
    assert both(Wildcards(run="main", source="heldout")) == [
        "heldout_helpful_by_helpful",
        "heldout_helpful_by_harmless",
        "heldout_harmless_by_helpful",
        "heldout_harmless_by_harmless",
    ]
    assert both(Wildcards(run="main", source="sampled")) == [
        "pool_evaluation_by_helpful",
        "pool_evaluation_by_harmless",
    ]


def test_jobs_of_an_experiment():
    every = inputs.jobs_of()(MAIN, Wildcards(experiment="fig7"))
    assert every == ["fig7/reference/1/0", "fig7/vanilla/1/0", "fig7/variance_aware/1/0"]
    trained = inputs.jobs_of("fig7", "frontier", trained=True)(MAIN, Wildcards())
    assert len(trained) == 2 + 2 * 5
    assert "frontier/vanilla/0.25/0" in trained


def test_what_was_made_for_the_figures():
    shown_models = [inputs.shown_models(config, Wildcards()) for config in (MAIN, WHOLE)]
    assert shown_models == [
        ["reward_model_overall", "features_overall", "ensemble_overall"],
        ["reward_model_overall", "member_overall_0", "member_overall_1"],
    ]


def test_outputs_and_their_provenance():
    assert recorded(pool="a/b.parquet") == {"pool": "a/b.parquet", "provenance": "a/b.json"}
    assert table("paper/fig1") == {
        "table": "<results>/tables/paper/fig1.csv",
        "findings": "<results>/tables/paper/fig1.rst",
        "provenance": "<results>/tables/paper/fig1.json",
    }
    both = tables("paper", kl="fig10", proxy="fig11")
    assert both["proxy_findings"] == "<results>/tables/paper/fig11.rst"
    assert both["provenance"] == [f"<results>/tables/paper/{n}.json" for n in ("fig10", "fig11")]


def test_items_belong_to_a_target_where_they_can_be_made():
    assert shown("Paper", "Figure 1")["target"] == "all"
    assert shown("Paper", "Figure 1", extended=True)["target"] == "extended"
    assert shown("Paper", "Figure 1", when=False)["target"] == "none"


def test_captions_have_the_printed_numbers(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = caption(None, ["figures/embedded/uncertainty/fig3.svg"])
    assert "standard deviation of 0.04 against 0.13" in text
    table_1 = caption(None, ["results/embedded/tables/uncertainty/table1.csv"])
    assert table_1.startswith("**The paper** compares")


def test_seeds_by_name():
    seeds = seeds_of("fit_heads", lambda config, wildcards: ["a", "b"])(MAIN, Wildcards())
    assert seeds == {name: derive_seed(0, "fit_heads", name) for name in ("a", "b")}


def test_a_mistyped_target_gets_its_nearest():
    targets, patterns = ["uncertainty_fig3", "figures/x/fig3.svg"], [r"results/[a-z]+\.csv"]
    check_targets(["uncertainty_fig3", "results/abc.csv"], targets, patterns)
    with pytest.raises(UserError, match="no rule makes uncertainty_fig33; the nearest are uncert"):
        check_targets(["uncertainty_fig33"], targets, patterns)
    with pytest.raises(UserError, match="no rule makes xyz; nothing is called like it"):
        check_targets(["xyz"], targets, patterns)


def test_the_targets_of_a_command():
    options = ["--cores", "all", "a", "b", "--until", "c", "--forcerun", "d", "--config", "seed=1"]
    for program in ("/bin/snakemake", "/lib/snakemake/__main__.py"):
        assert asked_for([program, *options]) == (["a", "b"], ["c", "d"])
    assert asked_for(["pytest", "x"]) == ([], [])
