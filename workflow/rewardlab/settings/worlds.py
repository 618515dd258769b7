"""Settings of other worlds, in which claims are tried again."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import model_validator

from rewardlab.settings.types import Name, Seed, SettingsModel, Unique

OVERLAYS = (
    "worlds",
    "confirmations",
    "variants",
    "exploitable",
)  # sections of what differs, by name


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
    """Other worlds for the claims on combining and on transforming rewards: name, and what differs;
    null: none."""
    confirmations: dict[Name, dict[str, Any] | None]
    """Worlds in which the claims on policies are tried again, as they were designed before."""
    variants: dict[Name, dict[str, Any] | None]
    """What else Figure 12's contrast is told of, such as other heads: name, and what differs."""
    exploitable: dict[Name, dict[str, Any] | None]
    """Worlds with more to exploit in the reward models, for claims on transformed rewards."""
    transforming: Annotated[tuple[Name, ...], Unique]
    """Further experiments on transformed rewards, beside transforming.single and combined."""
    inheritance: Annotated[tuple[Name, ...], Unique]
    """Experiments in which PPO is varied, to see when its policies come to their fixed points."""
    policy_worlds: PolicyWorldSettings
    """Other worlds for the policies."""

    def listed(self) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Yield every listed world or variant by name, with what differs in it."""
        for key in OVERLAYS:
            yield from getattr(self, key).items()

    @model_validator(mode="after")
    def _names_differ(self) -> "ExtendedSettings":
        names = [name for name, _ in self.listed()]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"{' and '.join(OVERLAYS)} without common names, not {doubled[0]!r}")
        return self


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
