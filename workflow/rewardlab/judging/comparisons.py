"""Comparing two answers by asking for a verdict: both orders, and what counts as one.

A verdict is A, B or tie, alone on the last line or after "Verdict:"; whatever else a judge says is
none, and is never guessed at.
"""

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from rewardlab.judging.template import Template

VERDICT = re.compile(r"(?:Verdict:\s*)?(A|B|tie)\.?")
FIRST, SECOND, TIE = "A", "B", "tie"


def verdict_of(answer: str) -> str | None:
    """Return the verdict that an answer ends in, or None."""
    plain = answer.replace("*", "")  # bold or not
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    found = VERDICT.fullmatch(lines[-1]) if lines else None
    return found[1] if found else None


def both_orders(pairs: pd.DataFrame, template: Template, criterion: str = "") -> list[str]:
    """Return what a judge is asked: of every pair first against second, then all the other way.

    pairs: prompt, first and second; criterion: of the better one, if the template asks for it.
    """
    first, second = pairs["first"], pairs.second
    return [
        template.filled(*row, criterion)
        for sides in ((first, second), (second, first))
        for row in zip(pairs.prompt, *sides, strict=True)
    ]


def judgements(ids: Sequence[object], answers: Iterable[str]) -> pd.DataFrame:
    """Return pair, order, answer, verdict and prefers_first of answers as to `both_orders`.

    order: 0 where the first response is shown as A, 1 where it is B. prefers_first: 1, 0, a half
    for a tie, and missing without a verdict.
    """
    count = len(ids)
    table = pd.DataFrame(
        {"pair": [*ids, *ids], "order": [0] * count + [1] * count, "answer": list(answers)}
    )
    table["verdict"] = table.answer.map(verdict_of)
    for_first = {(0, FIRST): 1.0, (0, SECOND): 0.0, (1, FIRST): 0.0, (1, SECOND): 1.0}
    for_first |= {(0, TIE): 0.5, (1, TIE): 0.5}
    keys = zip(table.order, table.verdict, strict=True)
    return table.assign(prefers_first=[for_first.get(key, float("nan")) for key in keys])
