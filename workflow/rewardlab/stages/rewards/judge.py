"""Scores listed responses by the models that judge policies, one for each property.

The table is that of the responses, with a column gold_<property> for each.
"""

import pandas as pd

from rewardlab.rewards.judgements import with_judgements
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.settings.rewards import FeatureSettings, Length
from rewardlab.settings.world import WorldSettings


@stage
def judge_responses(
    responses: Input,
    judges: Inputs,
    scores: Output,
    state: State,
    world: WorldSettings,
    settings: FeatureSettings,
    max_length: Length | None,
    properties: list[str],
) -> None:
    """Rewards of responses by models that no policy is trained on; judges: their manifests."""
    table = pd.read_parquet(responses)
    how = (properties, world, judges, settings, max_length, state)
    with_judgements(table, *how).to_parquet(scores, index=False)


if __name__ == "__main__":
    main(judge_responses)
