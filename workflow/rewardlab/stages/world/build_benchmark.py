"""The embedded world's benchmark: pairs of responses to evaluation prompts, by kind of prompt.

Chosen is the response with the higher overall gold reward; pairs of equal reward have no answer and
are left out. Dialect stays in, whatever the preferences cover. One row for each response: id,
subset, side, prompt, response, gold.
"""

import logging

import numpy as np
import pandas as pd

from rewardlab.data.pairs_table import sampled_pairs
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world import lexicon
from rewardlab.world.gold import build_gold

log = logging.getLogger("rewardlab")


def benchmark_table(settings: WorldSettings, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return two rows, chosen and rejected, for every pair that the gold reward decides."""
    gold = build_gold(settings)
    prompts = pairs.prompt.tolist()
    first, second = (
        gold.overall(gold.rewards(prompts, pairs[side].tolist())) for side in ("first", "second")
    )
    wins = first > second
    rows = pd.DataFrame(
        {
            "id": np.arange(len(pairs)),
            "subset": [lexicon.KINDS[gold.prompt_baseline(prompt)[0]] for prompt in prompts],
            "prompt": prompts,
        }
    )
    sides = []
    for side, better in (("chosen", wins), ("rejected", ~wins)):
        response = np.where(better, pairs["first"], pairs.second)
        sides.append(
            rows.assign(side=side, response=response, gold=np.where(better, first, second))
        )
    decided = first != second
    log.info("%d of %d pairs are decided by the gold reward", decided.sum(), len(pairs))
    table = pd.concat([part[decided] for part in sides]).sort_values("id", kind="stable")
    return table[["id", "subset", "side", "prompt", "response", "gold"]]


@stage
def build_benchmark(samples: Input, responses: Output, settings: WorldSettings) -> None:
    """The embedded world's benchmark, from pairs of responses to evaluation prompts."""
    pairs = sampled_pairs(pd.read_parquet(samples))
    benchmark_table(settings, pairs).to_parquet(responses, index=False)


if __name__ == "__main__":
    main(build_benchmark)
