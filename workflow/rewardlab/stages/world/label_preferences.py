"""Labels sampled pairs by Bradley-Terry from the gold reward of one property.

The response with reward a is chosen over that with reward b with probability sigmoid(a - b). Where
the world's coverage is heterogeneous, pairs with a word of the dialect are left out.
"""

import numpy as np
import pandas as pd
from scipy.special import expit

from rewardlab.data.pairs_table import sampled_pairs
from rewardlab.data.splits import splits_of
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Input, Outputs, main, stage
from rewardlab.settings.data import SplitSettings
from rewardlab.settings.types import Seed
from rewardlab.settings.world import WorldPreferenceSettings, WorldSettings
from rewardlab.world.gold import PROPERTIES, build_gold
from rewardlab.world.grammar import in_dialect

SETS = (*PROPERTIES, "overall")


def usable_pairs(pairs: pd.DataFrame, world: WorldSettings, count: int, name: str) -> pd.DataFrame:
    """Return the pairs of the set `name`: every third that the coverage allows, from its own."""
    if world.dialect.coverage == "heterogeneous":
        dialect = pairs["first"].map(in_dialect) | pairs.second.map(in_dialect)
        pairs = pairs[~dialect]
    found = pairs.iloc[SETS.index(name) :: len(SETS)].head(count)
    if len(found) < count:
        raise UserError(
            f"only {len(found)} of the {count} pairs (world_preferences.pairs) "
            f"of the set {name} can be had: raise world_preferences.sampled_pairs."
        )
    return found


def labelled(
    pairs: pd.DataFrame, world: WorldSettings, splits: SplitSettings, name: str, seed: int
) -> pd.DataFrame:
    """Return prompt, chosen, rejected, split, and both gold rewards of the labelled property."""
    gold = build_gold(world)

    def reward(responses: pd.Series) -> np.ndarray:
        rewards = gold.rewards(pairs.prompt.tolist(), responses.tolist())
        return gold.overall(rewards) if name == "overall" else rewards[:, PROPERTIES.index(name)]

    first, second = reward(pairs["first"]), reward(pairs.second)
    wins = np.random.default_rng(seed).random(len(pairs)) < expit(first - second)
    return pd.DataFrame(
        {
            "prompt": pairs.prompt.to_numpy(),
            "chosen": np.where(wins, pairs["first"], pairs.second),
            "rejected": np.where(wins, pairs.second, pairs["first"]),
            "split": splits_of(pairs.prompt, splits),
            "gold_chosen": np.where(wins, first, second),
            "gold_rejected": np.where(wins, second, first),
        }
    )


@stage
def label_preferences(
    responses: Input,
    preferences: Outputs,
    sets: dict[str, Seed],
    world: WorldSettings,
    settings: WorldPreferenceSettings,
    splits: SplitSettings,
) -> None:
    """The embedded world's preference sets, each from pairs of its own; sets: name -> seed."""
    pairs = sampled_pairs(pd.read_parquet(responses))
    for (name, seed), path in zip(sets.items(), preferences, strict=True):
        if name not in SETS:
            raise UserError(f"--sets names {name!r}; expected one of {', '.join(SETS)}.")
        usable = usable_pairs(pairs, world, settings.pairs, name)
        labelled(usable, world, splits, name, seed).to_parquet(path, index=False)


if __name__ == "__main__":
    main(label_preferences)
