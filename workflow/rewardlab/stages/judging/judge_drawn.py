"""Asks a judge which response of drawn pairs is better in one property, each in both orders.

The result is the table of pairs, a row for each, with `preferred`: how far the first one is, both
orders together (1, 0, a half where they disagree or tie, missing without a verdict).
"""

from pathlib import Path

import pandas as pd

from rewardlab.judging.comparisons import read_template
from rewardlab.judging.verdicts import by_order, criterion_for, together, verdicts_on
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.judging import JudgingSettings

ASKED = ["prompt", "first", "second"]


@stage
def judge_drawn(
    pairs: Input,
    template: Input,
    judged: Output,
    settings: JudgingSettings,
    property_name: str,
    tuned: bool,
    cache: str,
    judge: Inputs = (),
    endpoint: EndpointSettings | None = None,
) -> None:
    """Verdicts on one property; tuned: whether the judge knows it from pairs, and is not told."""
    table = pd.read_parquet(pairs)
    asked = read_template(template)
    if not (tuned or asked.has_criterion):
        raise UserError(
            f"{template} is to ask which answer is better in {property_name}, but has no "
            "{criterion}; expected one, which judging.criteria fill in by property."
        )
    criterion = criterion_for(property_name, asked, settings)
    distinct = table[ASKED].drop_duplicates(ignore_index=True)
    found = verdicts_on(distinct, asked, criterion, settings, Path(cache), judge, endpoint)
    told = distinct.assign(preferred=together(by_order(found)))
    table.merge(told, on=ASKED, how="left").to_parquet(judged, index=False)


if __name__ == "__main__":
    main(judge_drawn)
