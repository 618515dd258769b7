"""What all rules share: the validated settings of every run, and defaults of their jobs."""

import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.io import apply_wildcards
from snakemake.resources import Resources
from snakemake.settings.types import DeploymentMethod
from snakemake.utils import update_config

LIBRARY = Path(workflow.basedir) / "workflow"
sys.path.insert(0, str(LIBRARY))

from rewardlab.rules import (
    asked_for,
    caption,
    cards_of,
    check_targets,
    check_texts,
    drawing,
    figure,
    LEDGER,
    ledger_rules,
    NOTES,
    ON_GPUS,
    one_of,
    PAGE,
    printed,
    PRINTED,
    recorded,
    Runs,
    seeds_of,
    shown,
    table,
    tables,
)
from rewardlab.data.pins import read_pins, unpinned
from rewardlab.running.command_line import is_snakemake
from rewardlab.running.devices import ATTENTION, DEVICE
from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import PROCESSES
from rewardlab.settings.compose import check_paths, check_template, other_worlds, validate
from rewardlab.settings.worlds import OVERLAYS

# This file is included before `configfile:`, which would print a line before the sentence: at this
# point `config` holds what was laid over config.yaml on the command line.
try:
    complete = read_yaml("config.yaml")
    update_config(complete, config)
    overlays = [os.path.relpath(file) for file in workflow.config_settings.configfiles]
    layers = ["config.yaml", *overlays, workflow.config_settings.config]
    for file in overlays:
        read_yaml(file)
    SETTINGS = validate(complete, layers)
    check_paths(
        SETTINGS,
        layers,
        lambda key: Path(f"results/{SETTINGS.scale}/sources/{key}.json").exists(),
    )
    WORLDS = other_worlds(SETTINGS, layers)
    for world in WORLDS.values():
        check_template(world, layers)
    check_texts()
    open_revisions = {
        hub: key for hub, key in unpinned(SETTINGS.data.sources()).items() if hub not in read_pins()
    }
except UserError as error:
    sys.exit(str(error))
if open_revisions and is_snakemake(sys.argv):
    named = ", ".join(f"{hub} (data.{key})" for hub, key in open_revisions.items())
    print(
        f"Revisions are null of {named}: `snakemake pin` looks them up on the hub, before anything "
        "is fetched.",
        file=sys.stderr,
    )

if SETTINGS.policies.judge != "gold":
    NOTES.append(
        "**In this run** what policies say is not judged by a true reward: what is called gold of it, or "
        "the judge, is what "
        + {
            "reward_model": "a reward model of the judge split says (rewards_judges has its accuracy)",
            "classifier": "the sequence classifier under data.classifier says",
            "generative": "the judge in words says (data.judge): how far it prefers a response to the one "
            "that was drawn of the base model, asked in both orders, pairs without any verdict half "
            "(rewards_judges has its accuracy, book_judge what a swap of the answers does"
            + (
                "; it is tuned on the reward models' own pairs)"
                if SETTINGS.data.judge == "embedded"
                else ")"
            ),
        }[SETTINGS.policies.judge]
        + ", which no policy was trained on."
    )

# A run is a set of settings, with results in results/<run>: this configuration, and other worlds.
RUNS = Runs({SETTINGS.scale: SETTINGS} | {world.scale: world for world in WORLDS.values()})
stage = RUNS.stage

# Stages run in this interpreter's environment (a conda environment that Snakemake deploys comes
# with its own), and they run the source that was hashed, not an installed copy; files are in UTF-8
# whatever the machine's language.
_path = f"PYTHONUTF8=1 PYTHONPATH={shlex.quote(str(LIBRARY))}"
if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
    _path += f" PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
# Messages tell commands with the options that this run has.
_options = f" --configfile {' '.join(map(str, overlays))}" if overlays else ""
if given := workflow.config_settings.config:
    _options += " --config " + " ".join(
        shlex.quote(f"{key}={value if isinstance(value, str) else json.dumps(value)}")
        for key, value in given.items()
    )
_braces = {"{": "{{", "}": "}}"}  # Snakemake fills what stands in braces
_path += f" WORKFLOW_OPTIONS={shlex.quote(_options).translate(str.maketrans(_braces))}"
# What computes, and how, is no part of what a result is: jobs are told beside their settings.
_path += f" {DEVICE}={SETTINGS.device} {ATTENTION}={SETTINGS.attention}"
# Where Slurm is asked by gres, snakemake counts no cards.
CARDS = "REWARDLAB_CARDS"
if SETTINGS.gres:
    _path += f" {CARDS}={SETTINGS.gpus}"
shell.prefix(f"set -euo pipefail; export {_path}; ")


def more(amount):
    """Return a resource of which every retry asks for as much again: for what a job was killed for."""
    return lambda wildcards, attempt: amount * attempt


# What a job may take where its rule is silent, in MB, minutes and graphics cards. What the user sets
# by --default-resources or in a profile goes first; what Snakemake makes up does not.
_defaults = workflow.resource_settings._parsed_default_resources
for _name, _value in {"mem_mb": more(4000), "runtime": more(240), "gpu": 0}.items():
    if _name not in _defaults or _defaults[_name].raw is None:
        _defaults.update(Resources.from_mapping({_name: _value}))

# Snakemake would cut a request above the limit down to it, unsaid.
_limit = workflow.global_resources.get("gpu")
_limit = getattr(_limit, "value", _limit)
if isinstance(_limit, int) and SETTINGS.gpus > _limit and is_snakemake(sys.argv):
    sys.exit(
        f"gpus is {SETTINGS.gpus}, but this run may use {_limit}; expected at most that, or a higher "
        f"limit: --resources gpu={SETTINGS.gpus}."
    )

ENVIRONMENT = "../../envs/environment.yaml"
UNCERTAINTY = "Uncertainty-aware RLHF"
AGGREGATION = "Reward Model Aggregation"
TRANSFORMING = "Transforming and Combining Rewards"
BOOK_CHAPTER = "RLHF book, reward modeling"
CLAIMS = "Claims"
# What `report` is told of every item: its caption, and where it stands.
ITEM = {
    "caption": "../report/item.rst",
    "category": lambda wildcards, params: params.category,
    "labels": lambda wildcards, params: {"item": params.sorted_label},
}


def saved_model(name, folder="model"):
    """Return a model's folder and manifest, its losses, what it cost, and its provenance."""
    return {
        folder: directory(f"<results>/models/{name}"),
        "manifest": f"<results>/models/{name}.json",
        "losses": f"<results>/losses/{name}.csv",
        "measured": f"<results>/costs/{name}_measured.csv",
        "provenance": f"<results>/models/{name}_provenance.json",
    }


def file_of(item):
    """Return the file of an item's rule in this configuration's own run."""
    return apply_wildcards(item.output[0], {"run": SETTINGS.scale})


def findings_of(item):
    """Return the file that says what an item's rule, or its table's, found."""
    pattern = item.output.get("findings") or item.input.get("findings")
    return apply_wildcards(pattern, {"run": SETTINGS.scale})


def items_on(page):
    """Return the rules of the items of a page, by paper: all on the first, on the other the rest too."""
    groups = {"index": ["all"], "extended": ["all", "extended"]}[page]
    papers = [UNCERTAINTY, AGGREGATION, TRANSFORMING, BOOK_CHAPTER]
    found = [
        item
        for item in workflow.rules
        if getattr(item.params, "target", None) in groups and item.params.category != CLAIMS
    ]
    return sorted(
        found, key=lambda item: (papers + [item.params.category]).index(item.params.category)
    )


def described(wildcards, items):
    """Return what a page says of items: where they stand, what they are called, how to rebuild them."""
    return [
        {
            "paper": item.params.category,
            "label": item.params.label,
            "caption": caption(wildcards, [file_of(item)]),
            "target": item.name.partition("_")[2] + _options,
        }
        for item in items
    ]


def elsewhere(wildcards):
    """Return the table of the claims in other worlds, which the page of what goes beyond shows."""
    tried = workflow.get_rule("collect_claims_by_world").params.target == "extended"
    return (
        f"results/{wildcards.run}/claims_by_world.csv"
        if tried and wildcards.page == "extended"
        else []
    )


def targets(group, category=None):
    """Return the files of all items of a group, or of one category in it, in order of their rules."""
    rows = [item for item in workflow.rules if getattr(item.params, "target", None) == group]
    return [file_of(item) for item in rows if category in (None, item.params.category)]


wildcard_constraints:
    run=one_of(RUNS.runs),
    set=one_of(SETTINGS.data.preferences),
    split="train|evaluation",


pathvars:
    results="results/{run}",
    figures="figures/{run}",
    logs="logs/{run}",
