"""Asks a judge which response of drawn pairs is better in one property, each in both orders.

The result is the table of pairs, a row for each, with `preferred`: how far the first one is, both
orders together (1, 0, a half where they disagree or tie, missing without a verdict).
"""

import pandas as pd

from rewardlab.judging.verdicts import preferred
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.judging import AskingSettings


@stage
def judge_drawn(
    pairs: Input, judged: Output, asking: AskingSettings, property_name: str, judge: Inputs = ()
) -> None:
    """Verdicts on one property; judge: the manifest of a model, or none where a server answers."""
    table = pd.read_parquet(pairs)
    told = preferred(table, property_name, asking, judge)
    table.assign(preferred=told).to_parquet(judged, index=False)


if __name__ == "__main__":
    main(judge_drawn)
