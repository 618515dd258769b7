"""Asks a judge for a verdict on held-out pairs, each in both orders.

Columns: pair (its number in the evaluation split), order, answer, verdict, prefers_first, where the
chosen response is the first. Answers are kept by content in a folder that outlives the stage.
"""

from pathlib import Path

from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.judging.comparisons import read_template
from rewardlab.judging.verdicts import criterion_for, verdicts_on
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.judging import JudgingSettings


@stage
def judge_pairs(
    preferences: Input,
    template: Input,
    judged: Output,
    settings: JudgingSettings,
    set_name: str,
    cache: str,
    judge: Inputs = (),
    endpoint: EndpointSettings | None = None,
) -> None:
    """Verdicts of a judge: the manifest of a model, or an endpoint; set_name: of the pairs."""
    pairs = pairs_of_split(preferences, "evaluation").head(settings.pairs)
    pairs = pairs.assign(first=pairs.chosen, second=pairs.rejected)
    asked = read_template(template)
    criterion = criterion_for(set_name, asked, settings)
    table = verdicts_on(pairs, asked, criterion, settings, Path(cache), judge, endpoint)
    table.to_parquet(judged, index=False)


if __name__ == "__main__":
    main(judge_pairs)
