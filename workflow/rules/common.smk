"""What all rules share: validated settings, seeds, the code that a stage depends on."""

import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod
from snakemake.utils import update_config

sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from rewardlab.errors import UserError
from rewardlab.fingerprint import fingerprint
from rewardlab.provenance import file_hash
from rewardlab.seeds import derive_seed
from rewardlab.settings import other_worlds, read_config, slice_of, validate

# This file is included before `configfile:`, which would print a line before the sentence: at this
# point `config` holds what was laid over config.yaml on the command line.
try:
    complete = read_config("config.yaml")
    update_config(complete, config)
    overlays = [os.path.relpath(file) for file in workflow.config_settings.configfiles]
    SETTINGS = validate(complete, ["config.yaml", *overlays])
    WORLDS = other_worlds(SETTINGS)
except UserError as error:
    sys.exit(str(error))

# Stages run in this interpreter's environment (a conda environment that Snakemake deploys comes
# with its own), and they run the source that was hashed, not an installed copy.
_library = Path(workflow.basedir) / "workflow"
_path = f"PYTHONPATH={shlex.quote(str(_library))}"
if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
    _path += f" PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
shell.prefix(f"set -euo pipefail; export {_path}; ")


def settings(path=None, **paths):
    """Return the validated settings at a dotted path as sorted JSON, for `--settings`.

    With keywords: several slices under these names.
    """
    if path is not None:
        return slice_of(SETTINGS, path)
    slices = {name: json.loads(slice_of(SETTINGS, part)) for name, part in paths.items()}
    return json.dumps(slices, sort_keys=True)


def seed(*cell):
    """Return the seed of a cell (rule, wildcards, …), for `--seed`."""
    return derive_seed(SETTINGS.seed, *cell)


def code(module):
    """Return the hashes of a stage's module and of all that it imports, as a rule's param."""
    return fingerprint(module)


def one_of(names):
    """Return the wildcard constraint that allows these names only; none, if there are none."""
    return "|".join(sorted(names)) or "(?!)"


def members(pattern):
    """Return one path for each whole model of an independent ensemble."""
    return [pattern.format(member=number) for number in range(SETTINGS.rewards.ensemble.heads)]


def local_copies(path):
    """Return the local file or folder of a source as inputs, so that a change of it is seen."""
    source = json.loads(settings(path))
    place = source.get("path") if isinstance(source, dict) else None
    return [place] if place and Path(place).exists() else []


def model_of(name):
    """Return the manifest of a model of the configuration, wherever it comes from."""
    embedded = getattr(SETTINGS.data, name) == "embedded"
    return "<results>/models/world.json" if embedded else f"<results>/models/{name}.json"


def combining():
    """Return the settings of `combine_rewards` on the pool of the configuration, as JSON."""
    chapter = SETTINGS.aggregation
    values = {
        "rewards": chapter.properties,
        "k": chapter.k,
        "quantiles": chapter.quantiles,
        "resamples": chapter.resamples,
    }
    if chapter.source == "sampled":
        values["judges"] = [f"gold_{name}" for name in chapter.properties]
        values["references"] = [*(f"predict_{name}" for name in chapter.quantiles), "refusal"]
    return json.dumps(values, sort_keys=True)


def drawn_ensemble(figure, unit):
    """Return the ensemble that a unit of a figure's policies is trained against."""
    if figure.startswith("frontier"):
        return "<results>/models/drawn_frontier.json"
    return f"<results>/models/drawn_{figure if figure == 'fig7' else f'{figure}-{unit}'}.json"


def beta_of(figure, method):
    """Return the coefficient of a method's policies: as searched, or on the frontier a multiple."""
    if figure.startswith("frontier"):
        return f"<results>/betas/{method}_{figure}.json"
    return f"<results>/betas/{method}.json"


def methods_of(figure):
    """Return the methods whose policies a figure compares."""
    return list(SETTINGS.policies.betas) if figure == "methods" else SHOWN_METHODS


def cells_of(figure, unit):
    """Return a unit's policies as JSON: [policy, head, trial].

    Figure 7: a unit is a head of one ensemble, with several trials; Figure 12 and the frontier: an
    ensemble, with one policy for each head; the comparison of methods: an ensemble, with one.
    """
    chapter = SETTINGS.policies
    if figure == "fig7":
        cells = [[unit * chapter.trials + trial, unit, trial] for trial in range(chapter.trials)]
    elif figure == "methods":
        cells = [[unit, 0, 0]]
    else:
        heads = chapter.ensemble.heads
        cells = [[unit * heads + head, head, 0] for head in range(heads)]
    return json.dumps(cells)


def units_of(figure):
    """Return the number of units of each method's policies in a figure."""
    chapter = SETTINGS.policies
    units = {
        "fig7": chapter.ensemble.heads,
        "fig12": chapter.ensembles,
        "methods": SETTINGS.extended.method_ensembles,
    }
    return units.get(figure, 1)


def policies_of(figure):
    """Return the number of each method's policies in a figure."""
    return sum(len(json.loads(cells_of(figure, unit))) for unit in range(units_of(figure)))


def of_policies(figure, what):
    """Return a file of every method and unit of a figure's policies."""
    return [
        f"<results>/policies/{figure}_{method}_{unit}_{what}.parquet"
        for method in methods_of(figure)
        for unit in range(units_of(figure))
    ]


LEDGER = "workflow/ledger.yaml"
PRINTED = "workflow/printed.yaml"
UNCERTAINTY = "Uncertainty-aware RLHF"
WORLD = "The embedded world"
REWARDS = "Reward models"
AGGREGATION = "Reward Model Aggregation"
EMBEDDED_PREFERENCE_SETS = {
    name for name, source in SETTINGS.data.preferences.items() if source == "embedded"
}
LANGUAGE_MODEL = model_of("language_model")
REWARD_TRUNK = model_of("reward_trunk")
ENSEMBLE_COSTS = [
    f"<results>/costs/{part}_{SETTINGS.rewards.shown}_measured.csv"
    for part in ("features", "ensemble")
    if part == "ensemble" or SETTINGS.rewards.ensemble.kind != "independent"
]
BENCHMARK = "world" if SETTINGS.data.benchmark == "embedded" else "benchmark"
BENCHMARK_BY_ENSEMBLE, BENCHMARK_BY_SINGLE = (
    f"<results>/scores/{BENCHMARK}_by_{model}_{SETTINGS.rewards.shown}.parquet"
    for model in ("ensemble", "reward_model")
)
# Policies need a language model and preferences that speak one language; so far they are judged by
# the embedded world's gold reward alone.
POLICIES = (
    SETTINGS.data.language_model == "embedded"
    and SETTINGS.policies.preferences in EMBEDDED_PREFERENCE_SETS
)
CHAPTERS = ["closed_forms", "reward_models", "aggregation", *(["policies"] if POLICIES else [])]
POLICY_ITEMS = [
    *(
        f"<figures>/uncertainty/{item}.svg"
        for item in ("fig7", "fig10", "fig11", "fig12", "search")
    ),
    "<results>/tables/uncertainty/tables6_8_measured.csv",
]
SHOWN_METHODS = ["vanilla", SETTINGS.policies.aware]
FRONTIER = [f"frontier-{factor:g}" for factor in SETTINGS.extended.frontier]
POLICIES_OF_ITEM = {"fig7": "fig7", "fig10": "fig7", "fig11": "fig7", "fig12": "fig12"}
PROPERTIES = SETTINGS.aggregation.properties
POLICY_WORLDS = [name for name in WORLDS if name.startswith("policies-")]
AGGREGATION_WORLDS = [name for name in WORLDS if name not in POLICY_WORLDS]
# Tables that are fetched from other worlds, as they are called there.
TABLES_OF_WORLDS = {
    "claims_by_k": "tables/aggregation/claims_by_k.csv",
    "fig12": "policies/fig12.csv",
}
# A pool of two responses to a prompt has no reference and no judge.
AGGREGATION_ITEMS = ["fig1", "by_k"]
if SETTINGS.aggregation.source == "sampled":
    AGGREGATION_ITEMS += ["judge", "reference"]
POOL = f"<results>/pools/{SETTINGS.aggregation.source}.parquet"


wildcard_constraints:
    set=one_of(SETTINGS.data.preferences),
    member=r"\d+",
    figure=r"fig7|fig12|methods|frontier-[\d.]+",
