"""Snakemake's options that carry settings, and what can be wrong with them."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError

KEY = re.compile(r"[a-zA-Z_][\w-]*\w$")


def is_snakemake(arguments: Sequence[str]) -> bool:
    """Return whether a command is `snakemake`, or `python -m snakemake`."""
    program = Path(arguments[0]) if arguments else Path()
    return program.name == "snakemake" or program.parts[-2:] == ("snakemake", "__main__.py")


def check_options(arguments: Sequence[str]) -> None:
    """Raise UserError if a configuration file cannot be read, or a --config is no setting."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", action="extend", default=[])
    parser.add_argument("--config", "-C", nargs="*", action="extend", default=[])
    given, _ = parser.parse_known_args([word for word in arguments if word != "--"])
    for number, file in enumerate(given.configfile):
        try:
            read_yaml(file)
        except UserError as error:
            hint = ""
            if number and not file.endswith((".yaml", ".yml", ".json")):
                hint = " If it is a target: write --configfile=FILE, with the equals sign."
            raise UserError(f"--configfile: {error}{hint}") from None
    keys = [entry.partition("=")[0] for entry in given.config]
    for entry in given.config:
        key, equals, _ = entry.partition("=")
        if not equals:
            raise UserError(f"--config {entry}: expected key=value, such as seed=1.")
        if keys.count(key) > 1:
            raise UserError(f"--config {entry}: {key} is given twice; expected one value.")
        if not KEY.match(key):
            raise UserError(
                f"--config {entry}: {key!r} is no key of the first level, such as seed; for one "
                'below, write --config \'simulation={"returns": {"draws": 1000}}\', or a file.'
            )
