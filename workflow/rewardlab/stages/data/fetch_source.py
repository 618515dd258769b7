"""Resolves a source to local files, and writes the manifest that stands for them."""

from typing import Literal

from rewardlab.data.manifest import write_manifest
from rewardlab.data.sources import resolve, root_of
from rewardlab.running.stage import Output, main, stage
from rewardlab.settings.data import SourceSettings


@stage
def fetch_source(
    manifest: Output, settings: SourceSettings, kind: Literal["dataset", "model"], key: str
) -> None:
    """The manifest of a source's files, downloaded if need be; key: where it is in the config."""
    files = resolve(settings, kind, key)
    write_manifest(manifest, root_of(files), files)


if __name__ == "__main__":
    main(fetch_source)
