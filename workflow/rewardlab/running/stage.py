"""A stage is a typed function, and its signature is its command line.

Files in, files out, settings. Everything that touches the process (arguments, log, locks,
publication, messages, provenance) is here, once:

    @stage
    def tabulate(scores: Input, table: Output, findings: Output, settings: MySettings) -> None:
        '''What it does.'''

    if __name__ == "__main__":
        main(tabulate)

Called as a function it reads and writes the paths that it is given.
"""

import argparse
import inspect
import json
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined, to_jsonable_python

from rewardlab.running.devices import take_device
from rewardlab.running.documents import DoubledKey, parse_json, parse_yaml
from rewardlab.running.errors import UserError, of_the_machine
from rewardlab.running.fingerprint import fingerprint
from rewardlab.running.messages import log_to
from rewardlab.running.outputs import exclusive, kept_after_a_kill, published, state_of
from rewardlab.running.provenance import record
from rewardlab.running.recorded import check, recording
from rewardlab.running.several_cards import (
    a_place_of_its_own,
    end_with_launcher,
    is_follower,
    process_count,
    run_as_several,
    tell_launcher,
    wanted_processes,
)
from rewardlab.running.validation import describe, location

log = logging.getLogger("rewardlab")

# What a stage's result depends on, and so the name of its state.
DECISIVE = ("stage", "settings", "inputs", "code")

# Parameters of a stage that are files; all others are settings.
Input = Annotated[Path, "input"]
"""A file to read."""
Inputs = Annotated[list[Path], "input"]
"""Files to read; with a default of (), the flag may be left out."""
Output = Annotated[Path, "output"]
"""A file or folder to write: under another name, until the stage has ended."""
Outputs = Annotated[list[Path], "output"]
"""Files to write."""
State = Annotated[Path, "state"]
"""The stage's own folder, hidden beside its first output and named by all that the result depends
on. It outlives a kill, and goes with the end of the stage, or with bad input."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a stage: its name, its role (input, output, state, setting) and its type."""

    name: str
    role: str
    kind: Any
    default: Any

    @property
    def several(self) -> bool:
        return get_origin(self.kind) is list and self.role != "setting"

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    @property
    def plain_flags(self) -> bool:
        """Whether it is a settings model in which nothing is required: each field gets a flag."""
        return _is_model(self.kind) and not any(
            value.is_required() for value in self.kind.model_fields.values()
        )


def stage(
    function: Callable[..., None] | None = None, *, several_cards: bool = False
) -> Callable[..., Any]:
    """Mark a function as a stage; raises TypeError on a parameter without a type.

    several_cards: its training can be a process for each of several graphics cards.
    """
    if function is None:
        return partial(stage, several_cards=several_cards)
    function.parameters = _parameters(function)
    function.several_cards = several_cards
    return function


def _parameters(function: Callable[..., None]) -> list[Parameter]:
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in hints:
            raise TypeError(f"{function.__name__}: the parameter {name} has no type")
        kind = hints[name]
        role = kind.__metadata__[0] if get_origin(kind) is Annotated else "setting"
        if role in ("input", "output", "state"):
            kind = get_args(kind)[0]
        else:
            role = "setting"
        found.append(Parameter(name, role, kind, parameter.default))
    return found


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def main(function: Callable[..., None], arguments: Sequence[str] | None = None) -> None:
    """Run a stage as a program; leave with status 1 and one sentence on bad input."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    module = function.__module__ if function.__module__ != "__main__" else spec.name
    name = module.partition(".stages.")[2] or module.rpartition(".")[2]
    arguments = sys.argv[1:] if arguments is None else arguments
    given = vars(_parser(function, module).parse_args(arguments))
    if function.several_cards and process_count() == 1 < (processes := wanted_processes()):
        ended = run_as_several(name, module, arguments, processes)
        if isinstance(ended, str):
            _add_to_log(given["log"], ended)
        sys.exit(ended)
    log_file = given["log"]
    end_with_launcher()
    try:
        log_to(log_file, silent=is_follower())
        take_device()
        _execute(function, name, module, given)
    except Exception as error:
        if is_follower():
            _add_to_log(log_file, traceback.format_exc())
            tell_launcher(str(error) or type(error).__name__)
            sys.exit(1)
        _leave(name, log_file, error)
    except KeyboardInterrupt:
        log.error("interrupted")
        sys.exit(f"{name} was interrupted.")


def _leave(name: str, log_file: Path | None, error: Exception) -> None:
    """Leave with one sentence; raises what is unexpected where no log could take it."""
    if isinstance(error, UserError):
        log.error("%s", error if error.__cause__ is None else traceback.format_exc())
        sys.exit(f"{name}: {error}")
    log.error("%s", traceback.format_exc())
    if refused := of_the_machine(error):
        sys.exit(f"{name}: {refused}")
    if log_file is None:
        raise error
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    sys.exit(f"{name} stopped with an unexpected {what} (traceback in {log_file})")


def _add_to_log(log_file: Path | None, text: str) -> None:
    if log_file is not None:
        with open(log_file, "a", encoding="utf-8") as file:
            file.write(text.rstrip() + "\n")


def _execute(
    function: Callable[..., None], name: str, module: str, given: Mapping[str, Any]
) -> None:
    by_role: dict[str, dict[str, Parameter]] = {
        role: {p.name: p for p in function.parameters if p.role == role}
        for role in ("input", "output", "state", "setting")
    }
    settings = {key: _setting(p, given) for key, p in by_role["setting"].items()}
    inputs = {key: given[key] for key in by_role["input"]}
    outputs = {key: given[key] for key in by_role["output"]}
    read = [path for value in inputs.values() for path in _listed(value)]
    for path in read:
        if not path.exists():
            raise UserError(f"{path} is missing; it is an input of {name}.")
    targets = [path for value in outputs.values() for path in _listed(value)]
    origins = given["provenance"] or []
    _check_targets([*targets, *origins], read)
    log.info("%s: %s", name, settings)
    store = given["recorded_in"]
    if store is not None:
        check(store, read)

    def origin_now() -> dict[str, Any]:
        resolved = {key: to_jsonable_python(value) for key, value in settings.items()}
        origin = record(name, resolved, read, fingerprint(module))
        return origin if process_count() == 1 else {**origin, "processes": process_count()}

    if is_follower():
        state = state_of(targets[0], _decisive(origin_now()))
        _follow(function, inputs, outputs, state, list(by_role["state"]), settings)
        return
    with ExitStack() as stack:
        for target in [*targets, *origins]:
            stack.enter_context(exclusive(target))
        stack.enter_context(
            recording(store, [*targets, *origins], name if ".stages." in module else "figures")
        )
        state: dict[str, Path] = {}
        origin: dict[str, Any] = {}
        if origins or by_role["state"]:
            origin = origin_now()
        for key in by_role["state"]:
            state[key] = stack.enter_context(kept_after_a_kill(targets[0], _decisive(origin)))
        written = {
            key: [stack.enter_context(published(path)) for path in value]
            if isinstance(value, list)
            else stack.enter_context(published(value))
            for key, value in outputs.items()
        }
        for path in origins:
            text = json.dumps(origin, indent=1, sort_keys=True) + "\n"
            stack.enter_context(published(path)).write_text(text)
        function(**inputs, **written, **state, **settings)
    log.info("%s: done", name)


def _decisive(origin: Mapping[str, Any]) -> dict[str, Any]:
    return {part: origin[part] for part in DECISIVE}


def _follow(
    function: Callable[..., None],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    state: Path,
    states: Sequence[str],
    settings: Mapping[str, Any],
) -> None:
    """Run a stage for its share of a training on several cards; what it writes goes.

    state: the stage's own folder; states: what the function calls it.
    """
    with a_place_of_its_own(state) as place:
        written = {
            key: [place / path.name for path in value]
            if isinstance(value, list)
            else place / value.name
            for key, value in outputs.items()
        }
        function(**inputs, **written, **dict.fromkeys(states, place / "state"), **settings)


def _check_targets(targets: Sequence[Path], read: Sequence[Path]) -> None:
    """Raise UserError if a file is written twice, or is an input as well."""
    places = [path.resolve() for path in targets]
    for path, place in zip(targets, places, strict=True):
        if places.count(place) > 1:
            raise UserError(f"{path} is named twice as a file to write; expected different ones.")
        if place in {source.resolve() for source in read}:
            raise UserError(
                f"{path} is a file to read and a file to write; expected different ones, so that "
                "nothing is lost."
            )


def _listed(value: Path | Sequence[Path] | None) -> list[Path]:
    return [] if value is None else [value] if isinstance(value, Path) else list(value)


def _setting(parameter: Parameter, given: Mapping[str, Any]) -> Any:
    """Return the validated value of a setting: JSON text or YAML file, and its plain flags."""
    text, flag = given[parameter.name], parameter.flag
    if not _is_model(parameter.kind):
        if text is None:
            return parameter.default
        value = text if parameter.kind is str else _parsed(text, flag)
        try:
            return TypeAdapter(parameter.kind).validate_python(value)
        except ValidationError as error:
            raise UserError(f"{flag} {describe(error)}") from None
    source, values = flag, {}
    if text is not None:
        inline = text.lstrip().startswith(("{", "["))
        source = flag if inline else text
        values = _parsed(text, flag) if inline else _parsed(_read(text), text)
    if parameter.plain_flags and isinstance(values, dict):
        flags = {name: given[name] for name in parameter.kind.model_fields}
        values = {**values, **{name: value for name, value in flags.items() if value is not None}}
    try:
        return parameter.kind.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        keys, _ = location(error)
        name = str(keys[0]) if keys else ""
        if not name and text is None:
            source = "the options"
        if parameter.plain_flags and given.get(name) is not None:
            source = f"--{name.replace('_', '-')}"
        raise UserError(f"{source}: {describe(error)}") from None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read as JSON or YAML: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read as JSON or YAML: {error.reason}.") from None


def _parsed(text: str, source: str) -> Any:
    try:
        return parse_json(text)  # which knows 1e-05 as a number
    except DoubledKey as error:
        raise UserError(f"{source}: the key {error} stands twice in one section.") from None
    except ValueError:
        return parse_yaml(text, source)


def _parser(function: Callable[..., None], module: str) -> argparse.ArgumentParser:
    doc = inspect.getdoc(sys.modules[function.__module__]) or ""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=doc.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for parameter in function.parameters:
        if parameter.role == "state":
            continue
        if parameter.role != "setting":
            what = "read" if parameter.role == "input" else "write"
            parser.add_argument(
                parameter.flag,
                required=parameter.required,
                default=None if parameter.required else list(parameter.default),
                type=Path,
                nargs="+" if parameter.several else None,
                help=f"files to {what}" if parameter.several else f"file to {what}",
            )
            continue
        parser.add_argument(
            parameter.flag,
            dest=parameter.name,
            required=parameter.required and not parameter.plain_flags,
            help=_help(parameter),
        )
        if parameter.plain_flags:
            for name, field in parameter.kind.model_fields.items():
                default = field.get_default(call_default_factory=True)
                text = field.description or ""
                if default is not PydanticUndefined:
                    text += f" (default: {default})"
                parser.add_argument(f"--{name.replace('_', '-')}", help=text.replace("%", "%%"))
    parser.add_argument(
        "--provenance", type=Path, nargs="+", help="file to write the origin to, as JSON"
    )
    parser.add_argument(
        "--log", type=Path, help="file for messages and progress (default: standard error)"
    )
    parser.add_argument(
        "--recorded-in",
        type=Path,
        help="folder of artefacts' hashes: what is read is checked, what is written recorded",
    )
    return parser


def _help(parameter: Parameter) -> str:
    if _is_model(parameter.kind):
        return "JSON text or YAML file with: " + ", ".join(parameter.kind.model_fields)
    kind = getattr(parameter.kind, "__name__", str(parameter.kind).replace("typing.", ""))
    return f"{kind}{'' if parameter.required else f' (default: {parameter.default})'}"
