"""Asks a judge for a verdict on held-out pairs, each in both orders.

Columns: pair (its number in the evaluation split), order, answer, verdict, prefers_first, where the
chosen response is the first. Answers are kept by content in a folder that outlives the stage.
"""

from pathlib import Path

from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.judging.template import criterion_for, read_template
from rewardlab.judging.verdicts import verdicts_on
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.judging import AskingSettings


@stage
def judge_pairs(
    preferences: Input,
    judged: Output,
    asking: AskingSettings,
    set_name: str,
    judge: Inputs = (),
) -> None:
    """Verdicts on a set's pairs; judge: the manifest of a model, or none where a server answers."""
    pairs = pairs_of_split(preferences, "evaluation").head(asking.settings.pairs)
    pairs = pairs.assign(first=pairs.chosen, second=pairs.rejected)
    template = read_template(Path(asking.settings.template))
    criterion = criterion_for(set_name, template, asking.settings)
    table = verdicts_on(pairs, template, criterion, asking, judge)
    table.to_parquet(judged, index=False)


if __name__ == "__main__":
    main(judge_pairs)
