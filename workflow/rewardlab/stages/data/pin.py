"""Looks up the hub's present commit of every repository whose revision the settings leave open."""

import logging

from rewardlab.data.pins import PINS, pin
from rewardlab.data.sources import kind_of
from rewardlab.running.stage import main, stage
from rewardlab.settings.data import SourceSettings

log = logging.getLogger("rewardlab")


@stage
def pin_sources(sources: dict[str, SourceSettings]) -> None:
    """Write pins.yaml; sources: by their keys below data."""
    found = pin(sources, {key: kind_of(key) for key in sources})
    log.info("%d repositories pinned in %s", found, PINS)
    print(f"{found} repositories pinned in {PINS}.")


if __name__ == "__main__":
    main(pin_sources)
