"""Draws a pair of responses to every prompt of a pool: what a method chooses, and another.

From some drawn responses (best_of) every method chooses its best, `one` the first that was drawn;
the other one is drawn from the rest of the pool. Draws are the same for all methods. Columns:
method, prompt_id, prompt, first (the chosen one), second.
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.judged import ONE
from rewardlab.evaluation.selection import method_scores
from rewardlab.rewards.pools import pools_of, read_pool
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.aggregation import CombiningSettings
from rewardlab.settings.types import Count, Seed


@stage
def draw_choices(
    pool: Input,
    responses: Input,
    pairs: Output,
    settings: CombiningSettings,
    best_of: Count,
    seed: Seed,
) -> None:
    """Pairs of a chosen response and another; responses: the texts of the pool."""
    texts = pd.read_parquet(responses).set_index(["prompt_id", "response_id"])
    rng = np.random.default_rng(seed)
    parts = []
    for part in pools_of(read_pool(pool, settings), settings):
        rows = np.arange(len(part.prompts))
        drawn = rng.permuted(np.tile(np.arange(part.responses.shape[1]), (len(rows), 1)), axis=1)
        candidates, other = drawn[:, :best_of], drawn[:, best_of]
        second = part.responses[rows, other]
        unchosen = -drawn.argsort(axis=1).astype(float)  # the first draw stands highest
        scores = {ONE: unchosen, **method_scores(part, settings.quantiles)}
        for method, values in scores.items():
            best = np.take_along_axis(values, candidates, 1).argmax(1)
            first = part.responses[rows, candidates[rows, best]]
            columns = {
                "method": method,
                "prompt_id": part.prompts,
                "prompt": texts.prompt.loc[list(zip(part.prompts, first, strict=True))].tolist(),
                "first": texts.response.loc[list(zip(part.prompts, first, strict=True))].tolist(),
                "second": texts.response.loc[list(zip(part.prompts, second, strict=True))].tolist(),
            }
            parts.append(pd.DataFrame(columns))
    pd.concat(parts, ignore_index=True).to_parquet(pairs, index=False)


if __name__ == "__main__":
    main(draw_choices)
