"""Settings of other worlds, in which claims are tried again."""

from typing import Annotated, Any, ClassVar, Literal

from rewardlab.settings.types import Name, Seed, SettingsModel, Unique


class PolicyWorldSettings(SettingsModel):
    """The main contrast, Figure 12's, in other worlds and on other trunks."""

    seeds: Annotated[tuple[Seed, ...], Unique]
    """Seeds, each of a world and of all draws in it."""
    dialects: Annotated[tuple[Literal["worse", "equal", "better"], ...], Unique]
    """Gold values of the dialect, where preference data leave it out."""
    covered: bool
    """Whether each seed also has a world whose preference data cover the dialect."""
    policies: dict[str, Any]
    """What differs in the section `policies` of each world: fewer ensembles, for example."""


class ExtendedSettings(SettingsModel):
    """What `snakemake extended` runs beyond the papers."""

    renamed: ClassVar[dict[str, str]] = {
        "method_ensembles": "policies.experiments.methods.ensembles",
        "frontier": "policies.experiments.frontier.kl_factors",
    }

    worlds: dict[Name, dict[str, Any] | None]
    """Other worlds for the claims on combining rewards: name, and what differs; null: none."""
    policy_worlds: PolicyWorldSettings
    """Other worlds for the policies."""


def policy_world_overlays(settings: PolicyWorldSettings) -> dict[str, dict[str, Any]]:
    """Return by name what differs in each of the policies' worlds."""
    overlays = {}
    for seed in settings.seeds:
        kinds = {dialect: {"value": dialect} for dialect in settings.dialects}
        if settings.covered:
            kinds["covered"] = {"coverage": "homogeneous"}
        for kind, dialect in kinds.items():
            overlays[f"policies-{seed}-{kind}"] = {
                "seed": seed,
                "world": {"seed": seed, "dialect": dialect},
                "policies": settings.policies,
            }
    return overlays
