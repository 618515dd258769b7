"""What rules are made of: the command of a stage from the rule's own names, and its params.

Nothing heavy is imported here: every start of Snakemake reads this module.
"""

import difflib
import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from rewardlab.data.sources import kind_of, local_hash
from rewardlab.evaluation.ledger import Claim, read_ledger
from rewardlab.evaluation.printed import filled
from rewardlab.running.command_line import is_snakemake
from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError
from rewardlab.running.fingerprint import fingerprint
from rewardlab.seeds import derive_seed
from rewardlab.settings.compose import Settings, slice_of

LEDGER, PRINTED = "workflow/ledger.yaml", "workflow/printed.yaml"
CAPTIONS = Path("workflow/report")
PAGE = "workflow/report/page.html"
NOTES: list[str] = []
"""What every caption says of this run, in the end."""
HASHES = Path(".snakemake/source_hashes.json")


# Stages that put models on a graphics card, if there is one, and ask for it where `gpus` is set.
ON_GPUS = frozenset(
    f"stages.{name}"
    for name in (
        "aggregation.check_theorems",
        "aggregation.predict_quantiles",
        "data.fine_tune",
        "data.pretrain",
        "data.sample_responses",
        "judging.judge_drawn",
        "judging.judge_pairs",
        "judging.tune_judge",
        "policies.find_beta",
        "policies.gather_base_samples",
        "policies.train",
        "rewards.extract_features",
        "rewards.fit_heads",
        "rewards.redraw_heads",
        "rewards.split_variance",
        "rewards.tabulate_judges",
        "rewards.judge",
        "rewards.score",
        "rewards.train",
        "steps.train",
        "transforming.gather_samples",
    )
)
# Of these, those whose training is a process on each of as many cards as `gpus` says.
ON_SEVERAL_GPUS = frozenset({"stages.data.fine_tune", "stages.rewards.train"})


class Runs:
    """The settings of every run by name: the configuration's own, and those of other worlds."""

    def __init__(self, runs: Mapping[str, Settings]) -> None:
        self.runs = runs

    def of(self, wildcards: Any) -> Settings:
        """Return the settings of the run that a job belongs to; without one, the own."""
        own = next(iter(self.runs))
        return self.runs[getattr(wildcards, "run", own)]

    def every(self, names: Callable[[Settings], Iterable[str]]) -> set[str]:
        """Return all names that any run's settings give."""
        return {name for config in self.runs.values() for name in names(config)}

    def path(self, pattern: str) -> Callable:
        """Return an input function: a path with {config.…} filled from the settings of the run."""
        return lambda wildcards: pattern.format(config=self.of(wildcards), **wildcards)

    def paths(self, pattern: str, when: Callable | None = None, **names: Callable) -> Callable:
        """Return an input function: a path for each of some names, functions as in `inputs`.

        when: whether there are any, such a function too.
        """

        def files(wildcards) -> list[str]:
            config = self.of(wildcards)
            if when is not None and not when(config, wildcards):
                return []
            lists = [[(key, name) for name in of(config, wildcards)] for key, of in names.items()]
            return [pattern.format(**{**wildcards, **dict(chosen)}) for chosen in product(*lists)]

        return files

    def local_hash(self, key: str) -> Callable:
        """Return an option: the hash of the local files of a source, which is run again by it."""

        def hashed(wildcards) -> str | None:
            name = key.format(**wildcards)
            source = self.of(wildcards).data.sources()[name]
            manifest = Path(f"results/{wildcards.run}/sources/{name}.json")
            return local_hash(source, kind_of(name), HASHES, manifest)

        return hashed

    def stage(self, module: str, settings=(), seed=None, **options) -> dict[str, Any]:
        """Return the params of a rule that runs a stage.

        settings: the dotted path of the stage's `settings`, or a function of the run's settings and
        the wildcards, or several by the names of its parameters. seed: what the seed derives from,
        beside that of the run: texts with wildcards, or such functions. options: any other
        parameter, as a value, a text with wildcards, or such a function. Named inputs and outputs
        of the rule are handed to the stage; unnamed ones are only followed.
        """
        slices = settings if isinstance(settings, Mapping) else {"settings": settings}
        slices = {name: where for name, where in slices.items() if where != ()}

        def arguments(wildcards):
            config, flagged = self.of(wildcards), {}
            for name, where in slices.items():
                found = _of(config, wildcards, where)
                as_json = json.dumps(found, sort_keys=True)
                flagged[name] = found if isinstance(found, str) else as_json
            if seed is not None:
                derived_from = [
                    name(config, wildcards) if callable(name) else name.format(**wildcards)
                    for name in seed
                ]
                flagged["seed"] = str(derive_seed(config.seed, *derived_from))
            for name, value in options.items():
                value = value(config, wildcards) if callable(value) else value
                value = value.format(**wildcards) if isinstance(value, str) else value
                flagged[name] = value if isinstance(value, str) else json.dumps(value)
            return flags({name: [word] for name, word in flagged.items()})

        name = f"stages.{module}"
        code = fingerprint(name)
        return {"module": name, "arguments": arguments, "files": files, "code": code}


def _of(config: Settings, wildcards: Any, where: str | Callable) -> Any:
    """Return plain settings: those at a dotted path, or what a function makes of them."""
    if not callable(where):
        return slice_of(config, where.format(**wildcards))
    found = where(config, wildcards)
    return found.model_dump(mode="json") if isinstance(found, BaseModel) else found


def cards_of(module: str, gpus: int) -> int:
    """Return how many graphics cards a stage asks for, where `gpus` may be had."""
    if module not in ON_GPUS:
        return 0
    return gpus if module in ON_SEVERAL_GPUS else min(gpus, 1)


def files(wildcards, input, output) -> str:
    """Return a rule's named files as flags; not a trigger, since it depends on both."""
    named = [*input.items(), *output.items()]
    return flags({name: [value] if isinstance(value, str) else value for name, value in named})


def flags(values: Mapping[str, Iterable[str]]) -> str:
    """Return parameters of a stage as they stand on its command line."""
    parts = [
        f"--{name.replace('_', '-')} {' '.join(shlex.quote(str(word)) for word in words)}"
        for name, words in values.items()
        if words
    ]
    return " ".join(parts)


def seeds_of(name: str, members: Callable[[Settings, Any], Iterable[str]]) -> Callable:
    """Return an option: the seed of each of several members by name."""

    def seeds(config, wildcards):
        names = members(config, wildcards)
        return {member: derive_seed(config.seed, name, member) for member in names}

    return seeds


def recorded(**outputs: str) -> dict[str, str]:
    """Return outputs with their provenance, which is called as the first of them."""
    first = Path(next(iter(outputs.values())))
    return {**outputs, "provenance": str(first.with_suffix(".json"))}


def table(item: str) -> dict[str, str]:
    """Return a table, the sentences of its caption on what was found, and its provenance."""
    return recorded(table=f"<results>/tables/{item}.csv", findings=f"<results>/tables/{item}.rst")


def tables(paper: str, **items: str) -> dict[str, Any]:
    """Return several tables of one stage, by the names of its outputs, with all that is theirs."""
    found: dict[str, Any] = {}
    for name, item in items.items():
        found |= {name: f"<results>/tables/{paper}/{item}.csv"}
        found |= {f"{name}_findings": f"<results>/tables/{paper}/{item}.rst"}
    origins = [f"<results>/tables/{paper}/{item}.json" for item in items.values()]
    return {**found, "provenance": origins}


def shown(category: str, label: str, when: bool = True, extended: bool = False) -> dict[str, Any]:
    """Return the params of a rule whose first output is one of the report's items.

    Such a rule gets a plain target, its name without the first word. when: whether it belongs to
    `all`, or to `extended`, with these settings.
    """
    target = ("extended" if extended else "all") if when else "none"
    # The report sorts labels as texts: a space before single digits brings 9 before 10.
    padded = re.sub(r"\d+", lambda digits: digits[0].rjust(2), label)
    return {
        "category": category,
        "label": label,
        "sorted_label": padded,
        "target": target,
        "caption": caption,
    }


def figure(module: str, *args, **options) -> dict[str, Any]:
    """Return the params of a rule that draws a figure; further arguments are those of `shown`."""
    name = f"figures.{module}"
    return {"module": name, "code": fingerprint(name), **shown(*args, **options)}


def drawing(wildcards, input, output) -> str:
    """Return the files of a figure's rule as flags."""
    return flags({"table": [input.table], "svg": [output.svg], "png": [output.png]})


def caption(wildcards, output) -> str:
    """Return the caption of an item, with the papers' numbers; editing it draws nothing again."""
    _, _, *parts = Path(output[0]).with_suffix(".rst").parts
    source = CAPTIONS.joinpath(*(part for part in parts if part != "tables"))
    text = filled(source.read_text(encoding="utf-8"), printed(), str(source))
    return "\n\n".join([text.rstrip(), *NOTES]) + "\n"


def check_texts() -> None:
    """Raise UserError if the ledger, what is printed or a caption cannot be read."""
    ledger()
    for source in sorted(CAPTIONS.glob("*/*.rst")):
        filled(source.read_text(encoding="utf-8"), printed(), str(source))


@cache
def ledger() -> list[Claim]:
    """Return the claims, read once at every start."""
    return read_ledger(Path(LEDGER), Path(PRINTED))


@cache
def printed(section: str | None = None) -> dict[str, Any]:
    """Return what the papers print; section: one part of it."""
    values = read_yaml(PRINTED)
    return values if section is None else values[section]


def ledger_rules(*ids: str) -> dict[str, Any]:
    """Return the rules of claims in the ledger, by id."""
    found = {claim.id: claim.rule for claim in ledger()}
    return {name: found[name].model_dump(mode="json", exclude_none=True) for name in ids}


class Asked(NamedTuple):
    """What a command names: targets, and where --until, --omit-from and --forcerun take hold."""

    targets: list[str]
    others: list[str]


def asked_for(command: Sequence[str]) -> Asked:
    """Return what a `snakemake` command names; nothing of its jobs' commands, or of a program's.

    Snakemake does not tell it while it reads a Snakefile.
    """
    if not is_snakemake(command):
        return Asked([], [])
    from snakemake.cli import get_argument_parser

    given = get_argument_parser().parse_args(list(command[1:]))
    return Asked(sorted(given.targets), sorted(given.until | given.omit_from | given.forcerun))


def check_targets(asked: Iterable[str], targets: Iterable[str], patterns: Iterable[str]) -> None:
    """Raise UserError on a target that nothing makes, naming those that are nearest.

    targets: names of rules, and the files of the report's items; patterns: regular expressions of
    all files that any rule makes.
    """
    known = sorted(targets)
    made = [re.compile(pattern) for pattern in patterns]
    for target in map(str, asked):
        file = os.path.relpath(target) if target.startswith(("/", ".")) else target
        if file in known or (file and Path(file).exists()) or any(p.fullmatch(file) for p in made):
            continue
        close = difflib.get_close_matches(file, known, n=3)
        close = close or [name for name in known if file in name][:3]
        hint = f"the nearest are {', '.join(close)}" if close else "nothing is called like it"
        raise UserError(
            f"no rule makes {target}; {hint}. snakemake --list-target-rules lists all that can be "
            "asked for by name."
        )


def one_of(names: Iterable[str]) -> str:
    """Return the wildcard constraint that allows these names only; none, if there are none."""
    return "|".join(sorted(names)) or "(?!)"
