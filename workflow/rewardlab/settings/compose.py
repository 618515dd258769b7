"""The whole configuration: one model per chapter, composed here and nowhere else.

Only the Snakefile and tools import this module. Stages get the validated slice of their own
chapter, so a new chapter changes no stage's code.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from rewardlab.judging.template import criterion_for, read_template
from rewardlab.policies.experiments import check_experiments, check_methods
from rewardlab.policies.names import LSC, RAW, WEIGHTED
from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError
from rewardlab.running.validation import describe, location
from rewardlab.settings.aggregation import AggregationSettings
from rewardlab.settings.book import BookSettings
from rewardlab.settings.causes import CausesSettings
from rewardlab.settings.data import DataSettings
from rewardlab.settings.fixed_point import FixedPointSettings
from rewardlab.settings.judging import JudgingSettings
from rewardlab.settings.policies import ExperimentSettings, PolicySettings
from rewardlab.settings.reasoning import (
    KindsSettings,
    ReasoningModelSettings,
    ReasoningSettings,
)
from rewardlab.settings.reference_names import REFUSAL
from rewardlab.settings.regimes import RegimeSettings
from rewardlab.settings.rewards import RewardSettings
from rewardlab.settings.simulation import SimulationSettings
from rewardlab.settings.transforming import TransformingSettings
from rewardlab.settings.types import Count, Integer, Name, Seed, SettingsModel
from rewardlab.settings.world import (
    POSITIONS,
    WorldModelSettings,
    WorldPreferenceSettings,
    WorldSettings,
)
from rewardlab.settings.worlds import OVERLAYS, ExtendedSettings, policy_world_overlays


def _cards_of_slurm(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.]+(:(?!\d+$)[A-Za-z0-9_.]+)?", name):
        raise ValueError("what Slurm calls its cards, without a number, such as gpu or gpu:a100")
    return name


class Settings(SettingsModel):
    """Settings of the workflow. config.yaml is the embedded scale; overlays hold differences."""

    scale: Name
    """Name of the scale: results go to results/<scale>, figures to figures/<scale>."""
    seed: Seed
    """Seed that every random draw derives from."""
    data: DataSettings
    """Where preferences, prompts and models come from."""
    gpus: Annotated[Integer, Field(ge=0)]
    """Graphics cards that a job asks for which trains models or reads much with them; without any
    such a job takes what it sees, or the CPU."""
    gres: Annotated[str, AfterValidator(_cards_of_slurm)] | None
    """How Slurm calls its cards where it wants --gres in place of --gpus, such as gpu:a100; the
    number of cards is added."""
    device: Literal["auto", "cuda", "cpu"]
    """What jobs with models compute on: a graphics card that they see, else the CPU; a card, or the
    job fails; or the CPU."""
    attention: Literal["auto", "eager", "sdpa"]
    """Kernel of attention of transformers' models; auto: its own choice. (sdpa takes flash
    attention where precision allows it; GPT-2 policies always take sdpa.)"""
    sampling_batch: Count
    """Responses of the language model that are drawn together; fewer take less memory."""
    memory: Count
    """MB that such a job asks for, where memory is asked for; each retry asks for as much again."""
    world: WorldSettings
    """The embedded world."""
    world_model: WorldModelSettings
    """The embedded world's base language model."""
    world_preferences: WorldPreferenceSettings
    """The embedded world's preference pairs."""
    simulation: SimulationSettings
    """Closed-form policies: Figures 2 to 4 and the theorems."""
    rewards: RewardSettings
    """Reward models and ensembles of reward heads."""
    aggregation: AggregationSettings
    """Combining the rewards of several properties."""
    policies: PolicySettings
    """Policies that are trained with PPO against reward ensembles."""
    transforming: TransformingSettings
    """Policies on transformed and combined rewards."""
    book: BookSettings
    """Losses and kinds of reward model."""
    reasoning: ReasoningSettings
    """The world whose steps can be checked."""
    reasoning_model: ReasoningModelSettings
    """Its base language model."""
    kinds: KindsSettings
    """Kinds of reward model on its solutions."""
    judging: JudgingSettings
    """How a judge that compares answers in words is asked."""
    fixed_point: FixedPointSettings
    """Where PPO with a weighted penalty comes to rest, on responses of one token."""
    regimes: RegimeSettings
    """When a variance-weighted penalty pays: exact fixed points, nothing trained."""
    causes: CausesSettings
    """What the variance of reward models comes from."""
    extended: ExtendedSettings
    """What goes beyond the papers."""


# What a configuration was merged from: YAML files, and what the command line gave.
Layers = Sequence[str | Mapping[str, Any]]


def validate(config: Mapping[str, Any], files: Layers = ()) -> Settings:
    """Return the settings of a merged configuration.

    files: what it was merged from, the strongest last; the error names the one that holds the bad
    value. Raises UserError with one sentence.
    """
    try:
        settings = Settings.model_validate_json(json.dumps(config, default=str))
    except ValidationError as error:
        keys, missing = location(error)
        origin = _first_with(keys[:-1], files) if missing and files else _origin(keys, files)
        raise UserError(f"{origin}: {describe(error)}") from None
    if settings.device == "cpu" and settings.gpus:
        raise UserError(
            f"{_origin_of_any([('device',), ('gpus',)], files)}: device is cpu, but gpus is "
            f"{settings.gpus}; expected gpus: 0 beside it, or device: auto."
        )
    _check_shares(settings, files)
    _check_names(settings, files)
    _check_trunks(settings, files)
    _check_judge(settings, files)
    try:
        check_methods(settings.policies)
        check_experiments(settings.policies)
    except UserError as error:
        raise UserError(f"{_origin(('policies',), files)}: {error}") from None
    _check_transforming(settings, files)
    return settings


def _check_shares(settings: Settings, files: Layers) -> None:
    """Raise UserError if a batch cannot be shared by the graphics cards of a training."""
    trainings = {("rewards", "model"): settings.rewards.model}
    if settings.data.fine_tuning is not None:
        trainings["data", "fine_tuning"] = settings.data.fine_tuning
    for keys, training in trainings.items():
        parts = training.accumulation * max(1, settings.gpus)
        if training.batch_size % parts:
            name = ".".join(keys)
            origin = _origin_of_any(
                [("gpus",), (*keys, "batch_size"), (*keys, "accumulation")], files
            )
            raise UserError(
                f"{origin}: {name}.batch_size is {training.batch_size}, read in "
                f"{training.accumulation} parts (accumulation) by each of {settings.gpus} graphics "
                f"cards (gpus); expected a batch size that {parts} divides."
            )


def _check_trunks(settings: Settings, files: Layers) -> None:
    """Raise UserError if a trunk is for a set that there is not."""
    for name in settings.data.trunks:
        if name not in settings.data.preferences:
            raise UserError(
                f"{_origin(('data', 'trunks', name), files)}: data.trunks names {name!r}; expected "
                f"names under data.preferences, which are {', '.join(settings.data.preferences)}."
            )


def _check_judge(settings: Settings, files: Layers) -> None:
    """Raise UserError if nothing can judge what is to be judged."""
    judge, data = settings.policies.judge, settings.data
    origin = _origin(("policies", "judge"), files)
    if judge == "classifier" and data.classifier is None:
        raise UserError(
            f"{origin}: policies.judge is classifier, but data.classifier is null; expected a "
            "sequence classifier there."
        )
    if judge == "reward_model" and data.splits.judge == 0:
        raise UserError(
            f"{origin}: policies.judge is reward_model, but data.splits.judge is 0; expected a "
            "share of the pairs to train it on."
        )
    embedded = all(
        data.preferences.get(name) == "embedded" for name in settings.aggregation.properties
    )
    speaks = data.language_model == "embedded"
    if judge == "generative" and data.judge == "embedded" and not speaks:
        raise UserError(
            f"{origin}: policies.judge is generative, but data.judge is embedded, which speaks the "
            "embedded world's words alone; expected a language model or a server there."
        )
    if judge == "gold" and settings.aggregation.source == "sampled" and not (speaks and embedded):
        raise UserError(
            f"{_origin(('aggregation', 'source'), files)}: aggregation.source is sampled, whose "
            "responses gold alone would judge (policies.judge), which the embedded world has; "
            "expected another judge, or source: heldout."
        )
    if settings.policies.chosen_pairs is not None and judge != "gold":
        raise UserError(
            f"{_origin(('policies', 'chosen_pairs'), files)}: policies.chosen_pairs are chosen by "
            f"the embedded world's fixed points, but policies.judge is {judge}; expected null, the "
            "pairs of policies.ensemble."
        )


def _check_names(settings: Settings, files: Layers) -> None:
    """Raise UserError if a chapter names a set that another section does not have."""
    rewards, known = settings.rewards, settings.data.preferences
    for name in rewards.sets:
        if name not in known:
            origin = _origin(("rewards", "sets"), files)
            raise UserError(
                f"{origin}: rewards.sets names {name!r}; expected names under data.preferences, "
                f"which are {', '.join(known)}."
            )
    if rewards.shown not in rewards.sets:
        origin = _origin_of_any([("rewards", "shown"), ("rewards", "sets")], files)
        raise UserError(
            f"{origin}: rewards.shown is {rewards.shown!r}; expected one of rewards.sets, "
            f"which are {', '.join(rewards.sets)}."
        )
    if settings.data.reward_trunk == "embedded" and rewards.max_length > POSITIONS:
        origin = _origin_of_any([("rewards", "max_length"), ("data", "reward_trunk")], files)
        raise UserError(
            f"{origin}: rewards.max_length is {rewards.max_length}; expected at most {POSITIONS}, "
            "which is all that the embedded reward trunk reads (data.reward_trunk)."
        )
    for name in settings.aggregation.properties:
        if name not in known:
            origin = _origin(("aggregation", "properties"), files)
            raise UserError(
                f"{origin}: aggregation.properties names {name!r}; expected names under "
                f"data.preferences, which are {', '.join(known)}."
            )
    if settings.policies.preferences not in known:
        origin = _origin(("policies", "preferences"), files)
        raise UserError(
            f"{origin}: policies.preferences is {settings.policies.preferences!r}; expected a name "
            f"under data.preferences, which are {', '.join(known)}."
        )
    chosen = settings.policies.chosen_pairs
    for name in () if chosen is None else chosen.candidates:
        if name not in settings.regimes.heads:
            keys = ("policies", "chosen_pairs", "candidates")
            raise UserError(
                f"{_origin(keys, files)}: {'.'.join(keys)} names {name!r}; expected names under "
                f"regimes.heads, which are {', '.join(settings.regimes.heads)}."
            )
    varied = [name for name, row in settings.policies.experiments.items() if row.like == "fig12"]
    for name in settings.extended.inheritance:
        if name not in varied:
            keys = ("extended", "inheritance")
            raise UserError(
                f"{_origin(keys, files)}: {'.'.join(keys)} names {name!r}; expected experiments "
                f"under policies.experiments with `like: fig12`, which are {', '.join(varied)}."
            )
    named = {
        ("aggregation", "pool", "prompts"): settings.aggregation.pool.prompts,
        ("policies", "prompts"): settings.policies.prompts,
    }
    for keys, prompts in named.items():
        if prompts not in settings.data.prompts:
            raise UserError(
                f"{_origin(keys, files)}: {'.'.join(keys)} is {prompts!r}; expected a name under "
                f"data.prompts, which are {', '.join(settings.data.prompts)}."
            )


def _check_transforming(settings: Settings, files: Layers) -> None:
    """Raise UserError if rewards of experiments, or the experiments of the chapter, do not fit."""
    rows, known = settings.policies.experiments, settings.data.preferences
    for name, row in rows.items():
        keys = ("policies", "experiments", name, "rewards")
        for reward, chosen in row.rewards.items():
            if reward not in known:
                raise UserError(
                    f"{_origin(keys, files)}: {'.'.join(keys)} names {reward!r}; expected names "
                    f"under data.preferences, which are {', '.join(known)}."
                )
            if chosen.reference == REFUSAL and settings.transforming.refusal is None:
                raise UserError(
                    f"{_origin(keys, files)}: {'.'.join(keys)}.{reward} refers to the refusal, but "
                    "transforming.refusal is null."
                )
    most = math.log(settings.transforming.training_samples)
    for name, row in rows.items():
        if row.divergences and max(row.divergences) >= most:
            keys = ("policies", "experiments", name, "divergences")
            raise UserError(
                f"{_origin(keys, files)}: {'.'.join(keys)} go up to {max(row.divergences):g}; "
                f"expected less than ln of transforming.training_samples, {most:.2f}."
            )
    chapter, trained = settings.transforming, known[settings.policies.preferences] == "embedded"
    trained &= settings.policies.judge == "gold"
    judged = {name for name, source in known.items() if source == "embedded" or not trained}
    _check_transformed(rows, ("transforming", "single"), chapter.single, (1, 1), judged, files)
    _check_transformed(
        rows, ("transforming", "combined"), chapter.combined, (2, None), judged, files
    )
    beyond = settings.extended.transforming
    _check_transformed(rows, ("extended", "transforming"), beyond, (1, None), judged, files)
    for name in settings.transforming.references:
        keys = ("transforming", "references")
        if name == REFUSAL and settings.transforming.refusal is None:
            raise UserError(
                f"{_origin(keys, files)}: {'.'.join(keys)} has the refusal, but "
                "transforming.refusal is null."
            )


def _check_transformed(
    rows: Mapping[str, ExperimentSettings],
    keys: tuple[str, str],
    names: Sequence[str],
    rewards: tuple[int, int | None],
    judged: set[str],
    files: Layers,
) -> None:
    """Raise UserError if experiments do not fit what is drawn and decided of them.

    rewards: how many they may have, at least and at most; judged: those with a gold reward, or all
    where no policies are trained.
    """
    least, most = rewards
    what = "several rewards" if least > 1 else "one reward" if most == 1 else "rewards"
    fitting = [
        name
        for name, row in rows.items()
        if least <= len(row.rewards) and (most is None or len(row.rewards) <= most)
    ]
    for name in names:
        origin = f"{_origin(keys, files)}: {'.'.join(keys)} names {name!r}"
        if name not in fitting:
            raise UserError(
                f"{origin}; expected experiments under policies.experiments with {what}, which are "
                f"{', '.join(fitting) or 'none'}."
            )
        row = rows[name]
        if (row.heads, row.policies_per_head) != (1, 1):
            raise UserError(
                f"{origin}; expected heads: 1 and one policy against each, since each policy has "
                "reward models of its own."
            )
        if min(row.ensembles or 0, len(row.divergences)) < 2:
            raise UserError(f"{origin}; expected at least two ensembles and two divergences.")
        unjudged = [reward for reward in row.rewards if reward not in judged]
        if unjudged:
            raise UserError(
                f"{origin}, whose reward {unjudged[0]!r} has no gold reward beside it; expected "
                "preferences of the embedded world (others stand in a table of their own)."
            )
        claimed = (RAW, LSC) if keys[-1] == "combined" or len(row.rewards) == 1 else ()
        lacking = [method for method in claimed if method not in row.methods]
        if keys[-1] == "combined" and WEIGHTED not in (*row.methods, *row.traced):
            lacking.append(WEIGHTED)
        if lacking:
            raise UserError(
                f"{origin}, whose methods lack {', '.join(lacking)}; the claims rest on them."
            )


def check_paths(settings: Settings, files: Layers, is_made: Callable[[str], bool]) -> None:
    """Raise UserError if a source's local copy is not there, and has not been read before.

    And if the template of a judge is not there, or it cannot ask for what policies are judged by.

    is_made: whether the manifest of a source exists, by the source's key below data.
    """
    check_template(settings, files)
    for key, source in settings.data.sources().items():
        if source.path is not None and not Path(source.path).exists() and not is_made(key):
            keys = ("data", *key.split("."), "path")
            raise UserError(
                f"{_origin(keys, files)}: {'.'.join(keys)} is {source.path!r}; there is no such "
                f"file or folder, seen from {Path.cwd()}."
            )


def check_template(settings: Settings, files: Layers) -> None:
    """Raise UserError if a judge's template is missing, or cannot ask what it has to."""
    template = settings.judging.template
    if not Path(template).is_file():
        raise UserError(
            f"{_origin(('judging', 'template'), files)}: judging.template is {template!r}; there "
            f"is no such file, seen from {Path.cwd()}."
        )
    if settings.policies.judge == "generative" and settings.data.judge != "embedded":
        asked = read_template(Path(template))
        for name in _judged_sets(settings):
            try:
                criterion_for(name, asked, settings.judging, needed=True)
            except UserError as error:
                keys = [("judging", "criteria"), ("judging", "template"), ("policies", "judge")]
                raise UserError(f"{_origin_of_any(keys, files)}: {error}") from None


def _judged_sets(settings: Settings) -> list[str]:
    """Return the sets of preferences by which anything that policies say is judged."""
    chapter, rows = settings.transforming, settings.policies.experiments
    named = (*chapter.single, *chapter.combined, *settings.extended.transforming)
    rewards = [name for experiment in named for name in rows[experiment].rewards]
    every = [settings.policies.preferences, *settings.aggregation.properties, *rewards]
    return list(dict.fromkeys(every))


def other_worlds(settings: Settings, files: Layers = ()) -> dict[str, Settings]:
    """Return the settings of the other worlds, each a scale of its own without other worlds.

    files: what the settings were merged from, for the message.
    Raises UserError that names the world whose settings are wrong.
    """
    chapter = settings.extended
    overlays = {name: overlay for name, overlay in chapter.listed() if overlay is not None}
    overlays |= policy_world_overlays(chapter.policy_worlds)
    values = settings.model_dump(mode="json")
    for key in OVERLAYS:
        values["extended"][key] = dict.fromkeys(values["extended"][key])
    values["extended"]["policy_worlds"]["seeds"] = []
    found = {}
    for name, overlay in overlays.items():
        try:
            differing = {**overlay, "scale": f"{settings.scale}-{name}"}
            found[name] = validate(_laid_over(values, differing))
        except UserError as error:
            text = str(error).removeprefix("--config: ")
            keys = ("extended", _list_of(chapter, name), name)
            raise UserError(f"{_origin(keys, files)}: {'.'.join(keys)}: {text}") from None
        if found[name].data != settings.data:
            where = f"extended.{_list_of(chapter, name)}.{name}.data"
            raise UserError(f"{where}: expected nothing; worlds share their data.")
    return found


def _list_of(chapter: ExtendedSettings, name: str) -> str:
    """Return the key under `extended` that a world stands under."""
    return next((key for key in OVERLAYS if name in getattr(chapter, key)), "policy_worlds")


def _laid_over(values: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """Return the values with an overlay: dicts merge, all else replaces."""
    merged = dict(values)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def _origin(keys: Sequence[str | int], files: Layers) -> str:
    """Return the strongest layer that has the keys; what no file has was given by --config."""
    return _origin_of_any([keys], files)


def _origin_of_any(several: Sequence[Sequence[str | int]], files: Layers) -> str:
    """Return the strongest layer that has any of several keys: what disagrees came with it."""
    found = (
        _name(layer) for layer in reversed(files) if any(_has(layer, keys) for keys in several)
    )
    return next(found, "--config")


def _first_with(keys: Sequence[str | int], files: Layers) -> str:
    """Return the weakest layer that has the keys: a section lacks what is missing from there."""
    return next((_name(layer) for layer in files if _has(layer, keys)), "--config")


def _name(layer: str | Mapping[str, Any]) -> str:
    return layer if isinstance(layer, str) else "--config"


def _has(layer: str | Mapping[str, Any], keys: Sequence[str | int]) -> bool:
    value: Any = read_yaml(layer) if isinstance(layer, str) else layer
    try:
        for key in keys:
            if isinstance(value, dict):  # a key of YAML may be a number
                value = {str(name): part for name, part in value.items()}
            value = value[key]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of config.yaml, for editors."""
    return Settings.model_json_schema() | {
        "$schema": "https://json-schema.org/draft/2020-12/schema"
    }


def slice_of(settings: Settings, path: str) -> Any:
    """Return the settings at a dotted path as plain values."""
    value: Any = settings
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value.model_dump(mode="json") if isinstance(value, SettingsModel) else value


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=1))
