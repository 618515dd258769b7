"""What annotators of the embedded world say of several responses: one latent draw behind all of it.

Each response has a utility, its gold reward and Gumbel noise. Responses are ranked by it: rankings
then follow Plackett and Luce, and pairs Bradley and Terry, exactly. How strongly one is preferred
is the difference of the same utilities, on a scale of four as annotators give it.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.rankings import Ranking, as_pairs
from rewardlab.running.errors import UserError

DEGREES = 4


class Annotations(NamedTuple):
    """Rankings, and the utilities (n, K) of their responses, which fall along each row."""

    rankings: list[Ranking]
    utilities: NDArray[np.float64]

    def pairs(self, margins: tuple[float, ...]) -> pd.DataFrame:
        """Return all pairs, with the margin of the degree to which each is preferred.

        Degrees are the quarters of all these differences. margins: by degree, from the least.
        """
        table = as_pairs(self.rankings)
        rows = table.ranking.to_numpy()
        strength = (
            self.utilities[rows, table.chosen_place] - self.utilities[rows, table.rejected_place]
        )
        limits = np.quantile(strength, np.arange(1, DEGREES) / DEGREES)
        return table.assign(margin=np.array(margins)[np.searchsorted(limits, strength)])


def annotate(
    responses: pd.DataFrame, count: int, size: int, rng: np.random.Generator
) -> Annotations:
    """Return `count` rankings of `size` responses to one prompt each.

    responses: prompt, response and gold. Prompts come in random order, and again with further
    responses only when each has been taken. Raises UserError if there are too few responses.
    """
    prompts = responses.prompt.to_numpy()
    shuffled = responses.iloc[rng.permutation(len(responses))]
    turn = shuffled.groupby("prompt", sort=False).cumcount() // size
    whole = shuffled.groupby(["prompt", turn], sort=False).prompt.transform("size") == size
    kept = shuffled[whole].assign(turn=turn[whole])
    order = {prompt: number for number, prompt in enumerate(rng.permutation(np.unique(prompts)))}
    kept = kept.assign(order=kept.prompt.map(order)).sort_values(["turn", "order"], kind="stable")
    kept = kept.head(count * size)
    if len(kept) < count * size:
        raise UserError(
            f"{len(responses)} responses are too few for {count} rankings of {size}; expected "
            "more samples, or fewer or smaller rankings."
        )
    gold = kept.gold.to_numpy().reshape(count, size)
    utilities = gold + rng.gumbel(size=gold.shape)
    best_first = np.argsort(-utilities, axis=1)
    texts = np.take_along_axis(kept.response.to_numpy().reshape(count, size), best_first, 1)
    asked = kept.prompt.to_numpy()[::size]
    rankings = [
        Ranking(prompt, tuple(row)) for prompt, row in zip(asked, texts.tolist(), strict=True)
    ]
    return Annotations(rankings, np.take_along_axis(utilities, best_first, 1))
