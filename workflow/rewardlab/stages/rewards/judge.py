"""Judges listed responses by what judges policies: a model, or a judge in words.

The table is that of the responses, with a column gold_<property> for each property; without
responses it is as empty.
"""

import pandas as pd

from rewardlab.rewards.judgements import opponents_of, with_judgements
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.settings.judging import JudgeSettings


@stage
def judge_responses(
    responses: Input,
    scores: Output,
    state: State,
    judge: JudgeSettings,
    properties: list[str],
    models: Inputs = (),
    opponents: Inputs = (),
) -> None:
    """What responses are worth by a judge that no policy is trained on; models: its manifests.

    opponents: the base model's responses that a judge in words compares with.
    """
    table = pd.read_parquet(responses)
    if len(table):
        others = None
        if judge.asking is not None:
            others = opponents_of(table, pd.read_parquet(opponents[0]))
        table = with_judgements(table, properties, judge, models, state, others)
    table.to_parquet(scores, index=False)


if __name__ == "__main__":
    main(judge_responses)
