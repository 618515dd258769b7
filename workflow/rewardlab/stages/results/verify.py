"""Checks every recorded artefact of a run against the hash that it had when it was made."""

import logging
from pathlib import Path

from rewardlab.running.errors import UserError
from rewardlab.running.recorded import damaged, remedy
from rewardlab.running.stage import main, stage

log = logging.getLogger("rewardlab")
SHOWN = 10


@stage
def verify(recorded: list[str]) -> None:
    """Raise UserError that names what is missing or changed; recorded: folders of hashes."""
    entries = [entry for folder in recorded for entry in Path(folder).glob("*.json")]
    if not entries:
        raise UserError(f"{recorded[0]} has no hashes; expected results that were made before.")
    found = [wrong for folder in recorded for wrong in damaged(Path(folder))]
    if found:
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        what = "; ".join(f"{path} {wrong} ({remedy(path, wrong)})" for path, wrong in found[:SHOWN])
        raise UserError(f"damaged, {len(found)} of {len(entries)} artefacts: {what}{more}.")
    count = len(entries)
    log.info("%d artefacts are what they were when they were made", count)
    print(f"{count} artefacts are what they were when they were made.")


if __name__ == "__main__":
    main(verify)
