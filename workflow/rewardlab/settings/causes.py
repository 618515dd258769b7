"""Settings of the chapter on what the variance of reward models comes from."""

from typing import Annotated

from pydantic import Field

from rewardlab.settings.types import Count, Integer, SettingsModel, Unique

Levels = Annotated[Integer, Field(ge=2)]


class CausesSettings(SettingsModel):
    """Reward models and heads that differ in one thing at a time, in independent groups."""

    groups: Levels
    """Groups, each with levels of its own; they are the units of all intervals."""
    levels: Levels
    """Beginnings, orders and resamples of the data of whole models, in a group; combined in every
    way. The first model of a group is the trunk of its heads."""
    head_levels: Levels
    """The same of heads."""
    pairs: Annotated[tuple[Count | None, ...], Field(min_length=1), Unique]
    """Preference pairs that heads are fitted to; null: all there are."""
    responses: Annotated[Integer, Field(ge=2)]
    """Responses of the benchmark that are scored."""
