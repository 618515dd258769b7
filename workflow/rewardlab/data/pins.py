"""Revisions of hub repositories that the settings leave open: pins.yaml, written by `snakemake
pin`.

A revision that nobody has looked up is null in a configuration; what the hub's main branch is at
when it is pinned stands in a file of the user's, which from then on decides.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from rewardlab.running.documents import read_yaml
from rewardlab.running.errors import UserError
from rewardlab.running.outputs import published
from rewardlab.settings.data import SourceSettings

PINS = Path("pins.yaml")


def read_pins(path: Path = PINS) -> dict[str, str]:
    """Return commits by repository; none, if there is no such file.

    Raises UserError if it is something else.
    """
    if not path.exists():
        return {}
    found = read_yaml(str(path)) or {}
    if not isinstance(found, dict):
        raise UserError(f"{path} is no mapping of repositories to commits.")
    for name, commit in found.items():
        if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40}", commit):
            raise UserError(
                f"{path}: {name} is at {commit!r}; expected a commit of 40 hexadecimal digits."
            )
    return found


def unpinned(sources: Mapping[str, SourceSettings]) -> dict[str, str]:
    """Return the repositories without a revision, and the key of the first source that has each."""
    found: dict[str, str] = {}
    for key, source in sources.items():
        if source.path is None and source.revision is None:
            found.setdefault(source.hub, key)
    return found


def pin(sources: Mapping[str, SourceSettings], kinds: Mapping[str, str], path: Path = PINS) -> int:
    """Write the hub's present commits of all repositories without one; return how many are new.

    kinds: model or dataset, by key. Raises UserError if the hub does not say.
    """
    from huggingface_hub import HfApi

    from rewardlab.data.sources import hub_reason

    known = read_pins(path)
    missing = {hub: key for hub, key in unpinned(sources).items() if hub not in known}
    failed = []
    for hub, key in missing.items():
        try:
            known[hub] = HfApi().repo_info(hub, repo_type=kinds[key]).sha
        except Exception as error:  # the client's own, and those of the network below it
            failed.append(f"data.{key}: {hub} cannot be pinned ({hub_reason(error)})")
    with published(path) as partial:
        partial.write_text(yaml.safe_dump(known, sort_keys=True))
    if failed:
        raise UserError(f"{'; '.join(failed)}; {len(missing) - len(failed)} others are pinned.")
    return len(missing)
