"""Resolves a model's source to a local folder, and writes the manifest that stands for it."""

from rewardlab.data.manifest import write_manifest
from rewardlab.data.sources import resolve, root_of
from rewardlab.running.stage import Output, main, stage
from rewardlab.settings.data import SourceSettings


@stage
def fetch_model(manifest: Output, settings: SourceSettings, key: str) -> None:
    """The manifest of a model from its source; key: where that stands in the config."""
    write_manifest(manifest, root_of(resolve(settings, "model", key)))


if __name__ == "__main__":
    main(fetch_model)
