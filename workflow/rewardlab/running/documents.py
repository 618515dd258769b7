"""Reading the YAML files that people write, with sentences about what is wrong in them."""

from pathlib import Path
from typing import Any

import yaml

from rewardlab.running.errors import UserError


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Return a YAML file as it stands; raises UserError if it is none, or has no keys."""
    try:
        value = yaml.safe_load(Path(path).read_text())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}, line {line}: not valid YAML ({error.problem}).") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected keys with values, found {type(value).__name__}.")
    return value
