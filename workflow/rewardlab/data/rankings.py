"""Rankings of several responses to one prompt, kept as all pairs that follow from them.

So whatever reads pairs reads rankings too. The pairs of a ranking share its number, and say which
places, from 0 for the best, their two responses have.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rewardlab.data.cells import listed
from rewardlab.running.errors import UserError

COLUMNS = ["ranking", "chosen_place", "rejected_place"]


class Ranking(NamedTuple):
    """A prompt and its responses, from the best to the worst."""

    prompt: str
    responses: tuple[str, ...]


def read_ranking(fields: dict[str, Any], prompt: str, location: str) -> Ranking:
    """Return a row's ranking: responses, with ranks (1 is best) or in order from the best.

    Raises UserError that names the row's place: of fewer than two responses, of what is no text,
    of a rank that stands there twice, or of another number of ranks than of responses.
    """
    responses = listed(fields["responses"])
    if responses is None or not all(isinstance(text, str) for text in responses):
        raise UserError(f"{location}: responses: expected a list of texts.")
    if len(responses) < 2:
        raise UserError(f"{location}: {len(responses)} responses; expected two or more to rank.")
    if "ranks" not in fields:
        return Ranking(prompt, tuple(responses))
    ranks = listed(fields["ranks"])
    if ranks is None or not all(_is_number(rank) for rank in ranks):
        raise UserError(f"{location}: ranks: expected a list of numbers, 1 for the best response.")
    if len(ranks) != len(responses):
        raise UserError(
            f"{location}: {len(ranks)} ranks for {len(responses)} responses; expected one each."
        )
    for rank in ranks:
        if list(ranks).count(rank) > 1:
            raise UserError(
                f"{location}: the rank {rank:g} stands there twice; expected each once: a ranking "
                "has no ties."
            )
    if sorted(ranks) != list(range(1, len(ranks) + 1)):
        raise UserError(
            f"{location}: the ranks are {', '.join(f'{rank:g}' for rank in ranks)}; expected 1 to "
            f"{len(ranks)}, 1 for the best response."
        )
    return Ranking(prompt, tuple(responses[index] for index in np.argsort(ranks)))


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return is_number and np.isfinite(value)


def as_pairs(rankings: Sequence[Ranking], first: int = 0) -> pd.DataFrame:
    """Return all pairs of rankings: prompt, chosen, rejected and COLUMNS.

    first: the number of the first ranking.
    """
    rows = [
        (prompt, responses[better], responses[worse], first + number, better, worse)
        for number, (prompt, responses) in enumerate(rankings)
        for better, worse in combinations(range(len(responses)), 2)
    ]
    return pd.DataFrame(rows, columns=["prompt", "chosen", "rejected", *COLUMNS])


def as_rankings(pairs: pd.DataFrame) -> list[Ranking]:
    """Return the rankings that pairs are of, in their order; a pair that is of none is one of two.

    pairs: prompt, chosen, rejected, and COLUMNS if there are rankings.
    """
    if "ranking" not in pairs:
        sides = zip(pairs.chosen, pairs.rejected, strict=True)
        return [Ranking(*row) for row in zip(pairs.prompt, sides, strict=True)]
    alone = pairs.ranking.isna()
    keys = pairs.ranking.where(~alone, -1 - np.arange(len(pairs)))
    found = []
    for _, rows in pairs.groupby(keys.to_numpy(), sort=False):
        if len(rows) == 1:
            found.append(Ranking(rows.prompt.iloc[0], (rows.chosen.iloc[0], rows.rejected.iloc[0])))
            continue
        texts = dict(zip(rows.chosen_place, rows.chosen, strict=True))
        texts |= dict(zip(rows.rejected_place, rows.rejected, strict=True))
        found.append(Ranking(rows.prompt.iloc[0], tuple(texts[place] for place in sorted(texts))))
    return found
