"""Scores responses by the embedded world's gold reward, which judges what models score.

All columns are kept; gold_helpful, gold_harmless and gold_overall are added.
"""

import pandas as pd

from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold


@stage
def score_by_gold(responses: Input, scores: Output, settings: WorldSettings) -> None:
    """The embedded world's gold rewards of listed responses."""
    with_gold(pd.read_parquet(responses), settings).to_parquet(scores, index=False)


if __name__ == "__main__":
    main(score_by_gold)
