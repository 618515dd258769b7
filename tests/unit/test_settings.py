"""What a wrong setting says: file, key, value, what was expected, the nearest key."""

import copy
import functools
import json
import re
from pathlib import Path

import pytest
import yaml

from rewardlab.policies.experiments import ensembles_of
from rewardlab.running.command_line import check_options
from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError
from rewardlab.settings.compose import (
    check_paths,
    json_schema,
    other_worlds,
    slice_of,
    validate,
)

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / "config.yaml")
REVISION = "09be8c5bbc57cb3887f3a9732ad6aa7ec602a1fa"


@pytest.fixture
def config():
    return yaml.safe_load(Path(CONFIG).read_text())


def merge(config, overlay):
    """Lay an overlay over a configuration as Snakemake does: dicts merge, all else replaces."""
    merged = copy.deepcopy(config)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def complaint(config, tmp_path, overlay: str) -> str:
    """Return the message for an overlay, which is given as a YAML text."""
    path = tmp_path / "mine.yaml"
    path.write_text(overlay)
    with pytest.raises(UserError) as error:
        validate(merge(config, yaml.safe_load(overlay)), [CONFIG, str(path)])
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert message.endswith(".")
    return message.removeprefix(f"{path}: ")


def test_the_configuration_is_valid(config):
    settings = validate(config, [CONFIG])
    assert settings.scale == "embedded"
    assert settings.world_model.learning_rate == 3e-3  # which YAML reads as a string


@pytest.mark.parametrize("overlay", sorted([*ROOT.glob("workflow/scales/*.yaml")]), ids=str)
def test_the_other_scales_are_valid(config, overlay):
    # paper-aggregation lies over paper, and no other over anything but config.yaml.
    below = overlay.with_name(f"{overlay.stem.partition('-')[0]}.yaml")
    layers = list(dict.fromkeys([below, overlay]))
    merged = functools.reduce(
        lambda values, file: merge(values, yaml.safe_load(file.read_text())), layers, config
    )
    validate(merged, [CONFIG, *map(str, layers)])


def test_the_test_scale_is_valid(config):
    overlay = yaml.safe_load((ROOT / "tests/test.yaml").read_text())
    assert validate(merge(config, overlay)).scale == "test"


OVERLAYS = re.findall(r"```yaml\n(# mine\.yaml\n.*?)```", (ROOT / "README.md").read_text(), re.S)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_examples_of_the_readme_are_valid(config, overlay):
    validate(merge(config, yaml.safe_load(overlay)))


CASES = {
    "a typo": (
        "simulation: {returns: {drawz: 5}}",
        "simulation.returns.drawz (value 5) is not a known key; the nearest known key is draws.",
    ),
    "a typo of a section": (
        "simulaton: {}",
        "simulaton (value {}) is not a known key; the nearest known key is simulation.",
    ),
    "nothing near": (
        "world: {zzz: 1}",
        "world.zzz (value 1) is not a known key; "
        "known keys here are seed, overall_weights, dialect.",
    ),
    "a wrong type": (
        "simulation: {returns: {draws: many}}",
        "simulation.returns.draws is 'many'; expected an integer.",
    ),
    "true for a number": (
        "seed: true",
        "seed is True; expected an integer.",
    ),
    "a fraction": ("seed: 1.5", "seed is 1.5; expected an integer."),
    "out of range": ("seed: -1", "seed is -1; expected at least 0."),
    "not a probability": (
        "world: {dialect: {share: 12}}",
        "world.dialect.share is 12; expected at most 1.",
    ),
    "not one of the words": (
        "world: {dialect: {value: same}}",
        "world.dialect.value is 'same'; expected one of 'worse', 'equal' or 'better'.",
    ),
    "an empty section": (
        "simulation:",
        "simulation is empty; expected the keys bandit, returns, constraints, theorems.",
    ),
    "an empty value": ("seed:", "seed is empty; expected an integer."),
    "a list for a section": (
        "world: [1, 2]",
        "world is [1, 2]; expected a section with keys.",
    ),
    "inside a list": (
        "simulation: {theorems: {bound: {promised: [0.5, 1.5]}}}",
        "simulation.theorems.bound.promised.1 is 1.5; expected less than 1.",
    ),
    "a list of the wrong length": (
        "simulation: {bandit: {estimates: [1, 2]}}",
        "simulation.bandit.estimates is [1, 2]; expected a list of at least 3 values.",
    ),
    "bounds in the wrong order": (
        "simulation: {returns: {variances: {low_variability: {low: 9, high: 3}}}}",
        "expected low at most high, but 9 > 3.",
    ),
    "an unquoted revision": (
        "data: {preferences: {mine: {hub: a/b, revision: 0123}}}",
        "data.preferences.mine.revision is 83; expected a text; put it in quotes.",
    ),
    "no revision": (
        "data: {preferences: {mine: {hub: a/b}}}",
        "expected a revision beside hub",
    ),
    "a branch as revision": (
        "data: {preferences: {mine: {hub: a/b, revision: main}}}",
        "data.preferences.mine.revision is 'main'; expected a commit of 40 hexadecimal digits.",
    ),
    "neither hub nor path": (
        "data: {preferences: {mine: {files: [a.jsonl]}}}",
        "expected either path, or hub with revision",
    ),
    "a typo in a source": (
        "data: {preferences: {mine: {hub: a/b, revison: '0'}}}",
        "data.preferences.mine.revison (value '0') is not a known key; "
        "the nearest known key is revision.",
    ),
    "a word for a source": (
        "data: {language_model: gpt2}",
        "data.language_model is 'gpt2'; expected 'embedded' or a section.",
    ),
    "an embedded set that is none": (
        "data: {preferences: {mine: embedded}}",
        "expected a source for mine, since only helpful, harmless, overall can be embedded.",
    ),
    "two mistakes": (
        "world: {sed: 1, dialect: {share: 12}}",
        "world.sed (value 1) is not a known key; the nearest known key is seed "
        "(1 more after this one).",
    ),
    "a set that is none": (
        "rewards: {sets: [overal]}",
        "rewards.sets names 'overal'; expected names under data.preferences, which are helpful, "
        "harmless, overall.",
    ),
    "a set that is not trained on": (
        "rewards: {shown: helpful}",
        "rewards.shown is 'helpful'; expected one of rewards.sets, which are overall.",
    ),
    "a property that is none": (
        "aggregation: {properties: [helpful, funny]}",
        "aggregation.properties names 'funny'; expected names under data.preferences, which are "
        "helpful, harmless, overall.",
    ),
    "prompts that are none": (
        "aggregation: {pool: {prompts: mine}}",
        "aggregation.pool.prompts is 'mine'; expected a name under data.prompts, which are world.",
    ),
    "more to choose from than there is": (
        "aggregation: {k: [1, 8, 256]}",
        "every k below pool.samples, 256, but k goes up to 256.",
    ),
    "bars at a k that is not computed": ("aggregation: {shown_k: 3}", "shown_k to be one of k"),
    "infinity": (
        "simulation: {returns: {epsilon: .inf}}",
        "simulation.returns.epsilon is",
    ),
    "a key's old name": (
        "policies: {ppo: {discount: 0.9}}",
        "policies.ppo.discount (value 0.9) is not a known key; it is called gamma now.",
    ),
    "the old name of a strength": (
        "policies: {proxy: {lower_bound: 2.0}}",
        "it is called policies.methods.lower_bound.deviations now.",
    ),
    "splits by their old name": (
        "data: {parts: {judge: 0.1}}",
        "data.parts (value {'judge': 0.1}) is not a known key; it is called splits now.",
    ),
    "a penalty that is none": (
        "policies: {methods: {mine: {penalty: vanila, beta: 1}}}",
        "policies.methods.mine.penalty is 'vanila'; expected one of vanilla, variance_aware,",
    ),
    "a parameter that the penalty does not have": (
        "policies: {methods: {mine: {penalty: lower_bound, strength: 1, beta: 1}}}",
        "mine: expected the parameters of lower_bound, deviations; found strength.",
    ),
    "a penalty without a coefficient": (
        "policies: {methods: {mine: {penalty: vanilla}}}",
        "a coefficient beta for every penalty, and none without",
    ),
    "a coefficient that is none": (
        "policies: {methods: {mine: {penalty: vanilla, beta: serch}}}",
        "policies.methods.mine.beta is 'serch'; expected a number more than 0, search or exact.",
    ),
    "a coefficient below 0": (
        "policies: {methods: {mine: {penalty: vanilla, beta: -1}}}",
        "policies.methods.mine.beta is -1; expected a number more than 0, search or exact.",
    ),
    "a method without a penalty": (
        "policies: {methods: {mine: {beta: 1}}}",
        "policies.methods.mine.penalty is missing; policies.methods.mine needs the keys penalty",
    ),
    "a method's name with spaces": (
        "policies: {methods: {my method: {penalty: vanilla, beta: 1}}}",
        "policies.methods.my method is 'my method'; expected a name of small letters",
    ),
    "a method twice": (
        "policies: {experiments: {frontier: {methods: [vanilla, vanilla]}}}",
        "frontier.methods is ['vanilla', 'vanilla']; expected each once, but 'vanilla'",
    ),
    "a property twice": (
        "aggregation: {properties: [helpful, helpful]}",
        "aggregation.properties is ['helpful', 'helpful']; expected each once, but 'helpful'",
    ),
    "a property of a name that is taken": (
        "aggregation: {properties: [helpful, or]}",
        "expected properties of other names than and, or,",
    ),
    "a set twice": ("rewards: {sets: [overall, overall]}", "expected each once, but 'overall'"),
    "a method that is none in an experiment": (
        "policies: {experiments: {fig7: {methods: [reference, vanila]}}}",
        "in experiments.fig7, not 'vanila'",
    ),
    "figures without one of the two methods that they set side by side": (
        "policies: {variance_aware: variance_aware_squared}",
        "policies.experiments.fig7.methods lacks variance_aware_squared; expected reference, "
        "vanilla, variance_aware_squared among them",
    ),
    "a figure at several coefficients": (
        "policies: {experiments: {fig12: {kl_factors: [1, 2]}}}",
        "policies.experiments.fig12.kl_factors is [1.0, 2.0]; expected a single one.",
    ),
    "no experiment": ("policies: {experiments: {frontier: null}}", "experiments.frontier is empty"),
    "a name with spaces": (
        "scale: my scale",
        "scale is 'my scale'; expected",
    ),
}


@pytest.mark.parametrize(("overlay", "expected"), CASES.values(), ids=CASES)
def test_messages(config, tmp_path, overlay, expected):
    assert expected in complaint(config, tmp_path, overlay)


def test_a_mistake_in_another_world_names_the_world(config):
    config["extended"]["worlds"] = {"mine": {"world": {"sed": 1}}, "none": None}
    with pytest.raises(
        UserError, match=r"extended\.worlds\.mine: world\.sed \(value 1\) is not a known key"
    ):
        other_worlds(validate(config))


def test_worlds_share_their_data(config):
    config["extended"]["worlds"] = {"mine": {"data": {"splits": {"judge": 0.5}}}}
    with pytest.raises(UserError, match=r"^extended\.worlds\.mine\.data: expected nothing"):
        other_worlds(validate(config))


def test_another_world_differs_only_where_it_says_so(config):
    config["extended"]["worlds"] = {"mine": {"seed": 7, "world": {"seed": 5}}}
    config["extended"]["confirmations"] = {"again": {"seed": 8}, "not": None}
    config["extended"]["exploitable"] = {"easy": {"world": {"dialect": {"value": "worse"}}}}
    config["extended"]["variants"] = {"few": {"policies": {"chosen_pairs": None}}}
    config["extended"]["policy_worlds"]["seeds"] = [9]
    settings = validate(config)
    worlds = other_worlds(settings)
    kinds = ("worse", "equal", "better", "covered")
    assert worlds["easy"].world.dialect.value == "worse"
    assert set(worlds) == {
        "mine",
        "again",
        "few",
        "easy",
        *(f"policies-9-{kind}" for kind in kinds),
    }
    assert worlds["again"].seed == 8
    assert worlds["few"].policies.chosen_pairs is None
    world = worlds["mine"]
    assert (world.scale, world.seed, world.world.seed) == ("embedded-mine", 7, 5)
    assert world.world.dialect == settings.world.dialect
    assert world.aggregation == settings.aggregation
    assert other_worlds(world) == {}
    covered = worlds["policies-9-covered"]
    assert covered.world.dialect.coverage == "homogeneous"
    assert covered.policies.experiments["fig12"].ensembles == 2
    assert covered.policies.ppo == settings.policies.ppo


def test_a_world_stands_in_one_list_alone(config):
    config["extended"]["confirmations"] = {"world-1": {"seed": 8}}
    with pytest.raises(
        UserError, match=r"extended: expected worlds.* without common names, not 'w"
    ):
        validate(config)


def test_what_is_wrong_in_a_world_is_found_in_its_list(config):
    config["extended"]["confirmations"] = {"again": {"sed": 8}}
    with pytest.raises(
        UserError, match=r"extended\.confirmations\.again: sed \(value 8\) is not a known key"
    ):
        other_worlds(validate(config))


def test_an_experiment_varies_ppo_on_the_ensembles_of_another(config):
    policies = validate(config).policies
    assert policies.ppo_of("fig12") == policies.ppo
    varied = policies.ppo_of("small_steps")
    assert (varied.steps, varied.learning_rate) == (160, 2.5e-4)
    assert varied.batch_size == policies.ppo.batch_size
    assert ensembles_of(policies, "more_steps") == ensembles_of(policies, "fig12")[:4]


@pytest.mark.parametrize("name", ["nope", "fig12", "frontier"])
def test_what_varies_ppo_has_the_ensembles_of_figure_12(config, name):
    config["extended"]["inheritance"] = [name]
    with pytest.raises(UserError, match=rf"extended\.inheritance names '{name}'; expected exper"):
        validate(config)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"ppo": {"stepz": 3}},
            r"experiments\.more_steps\.ppo: stepz \(value 3\) is not a known key",
        ),
        ({"ppo": {"steps": 0}}, r"experiments\.more_steps\.ppo: steps is 0; expected at least 1"),
        (
            {"like": "small_steps"},
            r"more_steps\.like is 'small_steps'; expected an experiment with",
        ),
        (
            {"like": "fig7"},
            r"more_steps\.ensembles is 4, that of fig7 is missing; expected a number in",
        ),
    ],
)
def test_what_an_experiment_cannot_vary_is_refused(config, row, message):
    config["policies"]["experiments"]["more_steps"] |= row
    config["extended"]["inheritance"] = []
    with pytest.raises(UserError, match=message):
        validate(config)


def test_a_missing_key_is_blamed_on_the_complete_file(config):
    del config["simulation"]["returns"]["draws"]
    with pytest.raises(UserError, match=r"config\.yaml: simulation\.returns\.draws is missing"):
        validate(config, [CONFIG])


def test_a_value_from_the_command_line_is_blamed_on_it(config):
    config["simulation"]["retruns"] = 1
    with pytest.raises(UserError, match=r"^--config: simulation\.retruns"):
        validate(config, [CONFIG])


def test_a_value_of_the_command_line_goes_before_the_files(config):
    with pytest.raises(UserError, match=r"^--config: seed is 'abc'"):
        validate({**config, "seed": "abc"}, [CONFIG, {"seed": "abc"}])
    with pytest.raises(UserError, match=r"config\.yaml: seed is 'abc'"):
        validate({**config, "seed": "abc"}, [CONFIG, {"scale": "mine"}])


@pytest.mark.parametrize("text", ["1e-5", "1E-5", "3e-3", "1.5e+2"])
def test_scientific_notation_without_a_dot_is_a_number(config, text):
    config["world_model"]["learning_rate"] = text
    assert validate(config).world_model.learning_rate == float(text)


def test_numbers_that_were_read_as_texts_are_numbers(config):
    """`--config` reads nested values as texts."""
    config["simulation"]["returns"] |= {"draws": "1000", "epsilon": "0.5"}
    returns = validate(config).simulation.returns
    assert (returns.draws, returns.epsilon) == (1000, 0.5)


def test_slices_are_equal_for_equal_settings(config):
    turned = dict(reversed(config.items()))
    turned["simulation"] = dict(reversed(config["simulation"].items()))
    first, second = validate(config), validate(turned)
    assert slice_of(first, "simulation") == slice_of(second, "simulation")
    assert slice_of(first, "simulation.returns")["dimension"] == 1000
    assert slice_of(first, "data.preferences.helpful") == "embedded"


def test_the_schema_for_editors_is_in_step():
    written = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert written == json_schema(), "run `make schema`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed: [0\nscale: a\n", r"config\.yaml, line 2: not valid YAML"),
        ("", r"config\.yaml is empty; expected keys with values"),
        ("- a\n", r"config\.yaml: expected keys with values, found a list"),
        ("a:\n\t- b\n", r"config\.yaml, line 2: not valid YAML \(a tab"),
        ("seed: 1\nworld: {seed: 2, seed: 3}\n", r"line 2: .*the key seed stands twice in one sec"),
    ],
)
def test_a_file_that_is_no_configuration(tmp_path, text, expected):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=expected):
        read_yaml(str(path))


def test_a_binary_or_missing_file_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    with pytest.raises(UserError, match=r"mine\.yaml cannot be read \(No such file"):
        read_yaml(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"mine\.yaml is no text file"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--configfile=nowhere.yaml"], r"--configfile: nowhere\.yaml cannot be read"),
        (
            ["--configfile", "ok.yaml", "fig3"],
            "fig3 cannot be read.*If it is a target: write --conf",
        ),
        (["-n", "--config", "a.b=1"], "--config a.b=1: 'a.b' is no key of the first level"),
        (["-C", "seed"], "--config seed: expected key=value"),
        (["--config", "seed=1", "seed=2"], "--config seed=1: seed is given twice"),
    ],
)
def test_options_are_read_before_snakemake_does(tmp_path, monkeypatch, words, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ok.yaml").write_text("seed: 1\n")
    check_options(["--cores", "all", "--configfile=ok.yaml", "--config", "seed=1"])
    with pytest.raises(UserError, match=expected):
        check_options(words)


def test_a_local_copy_that_is_not_there_is_said_at_the_start(tmp_path):
    values = read_yaml(ROOT / "config.yaml")
    values["data"]["preferences"]["mine"] = {"path": str(tmp_path / "pairs.jsonl")}
    settings = validate(values)
    with pytest.raises(
        UserError, match=r"data\.preferences\.mine\.path is .*there is no such file"
    ):
        check_paths(settings, [values], lambda key: False)
    check_paths(settings, [values], lambda key: key == "preferences.mine")
    (tmp_path / "pairs.jsonl").touch()
    check_paths(settings, [values], lambda key: False)


def test_what_a_judge_in_words_is_told_is_known_before_anything_runs():
    """The template asks by what the better answer is told, and every judged set has a text."""
    values = read_yaml(ROOT / "config.yaml")
    values["policies"] |= {"judge": "generative", "chosen_pairs": None}
    check_paths(validate(values), [values], lambda key: False)  # tuned on pairs: it is told nothing
    values["data"]["judge"] = {"endpoint": "http://127.0.0.1:1/v1", "model": "x"}
    with pytest.raises(UserError, match=r"which answer is better in overall, but has no"):
        check_paths(validate(values), [values], lambda key: False)
    values["judging"]["template"] = str(ROOT / "workflow/templates/judge.txt")
    check_paths(validate(values), [values], lambda key: False)
    del values["judging"]["criteria"]["harmless"]
    with pytest.raises(UserError, match=r"judging\.criteria has no text for 'harmless'"):
        check_paths(validate(values), [values], lambda key: False)


def test_words_of_a_nested_option_mean_what_they_say(config):
    """Snakemake hands on the words inside of --config key={...} as texts."""
    nested = {
        "policies": {"chosen_pairs": "null", "judge": "gold"},
        "extended": {"policy_worlds": {"covered": "false"}},
    }
    nested["extended"]["worlds"] = {"world-1": "null"}
    nested["causes"] = {"pairs": ["null", "10"]}
    settings = validate(merge(config, nested), [CONFIG])
    assert settings.policies.chosen_pairs is None
    assert settings.extended.worlds["world-1"] is None
    assert settings.causes.pairs == (None, 10)
    assert settings.extended.policy_worlds.covered is False
    with pytest.raises(UserError, match=r"policies\.prompts"):
        validate(merge(config, {"policies": {"prompts": "null"}}), [CONFIG])  # a name, and no other
    with pytest.raises(UserError, match=r"judging\.criteria\.overall"):
        validate(merge(config, {"judging": {"criteria": {"overall": "null"}}}), [CONFIG])
