"""Combines the rewards of several properties, and says how well best-of-k chooses by each way.

The pool (CSV or parquet) has a row for each response: prompt_id, response_id, a column for each
reward, and if you like: use (`reference` for further samples that serve for quantiles only),
judges' columns, and references of your own as <reward>_<reference>. Three tables come out: win
rates against a response of the same pool with 95 % intervals, the same by prompt, and the response
that each way chooses from the whole pool. Win rates are exact over all subsets of size k.

    python -m rewardlab.stages.aggregation.combine_rewards --rewards helpful,harmless --k 1,2,4 \\
        --pool MY.csv --win-rates OUT.csv --by-prompt OUT.parquet --selections CHOSEN.csv
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.bestofk import AND, OR, kl_bound, win_rates
from rewardlab.evaluation.selection import method_scores
from rewardlab.evaluation.statistics import bootstrap_means, percentile_interval
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.pools import Pool, pools_of, read_pool
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.aggregation import CombiningSettings

# Intervals do not depend on luck that matters: a fixed seed keeps equal inputs equal outputs.
SEED = 0
INDEX = ["scored_by", "metric", "method", "k"]


def rates_of_pool(pool: Pool, scores: dict[str, np.ndarray], settings: CombiningSettings):
    """Return the win rates (n prompts, one column for each of INDEX) of one pool."""
    sizes = np.array(settings.k)
    metrics = [AND, OR, *settings.rewards]
    judged = {"rewards": pool.rewards} | ({} if pool.judged is None else {"judges": pool.judged})
    parts = []
    for scored_by, rewards in judged.items():
        rates = win_rates(np.stack([*scores.values()]), rewards, sizes)
        columns = pd.MultiIndex.from_product(
            [[scored_by], scores, metrics, settings.k], names=["scored_by", "method", "metric", "k"]
        )
        flat = np.moveaxis(rates, 2, 0).reshape(len(pool.prompts), -1)
        parts.append(pd.DataFrame(flat, pd.Index(pool.prompts, name="prompt_id"), columns))
    return pd.concat(parts, axis=1).reorder_levels(INDEX, axis=1)


def summary(rates: pd.DataFrame, resamples: int) -> pd.DataFrame:
    """Return the mean over prompts by INDEX, with its interval and the bound of the KL."""
    means = bootstrap_means(rates.to_numpy(), np.random.default_rng(SEED), resamples)
    low, high = percentile_interval(means)
    table = rates.columns.to_frame(index=False)
    table = table.assign(win_rate=rates.mean().to_numpy(), ci_low=low, ci_high=high)
    return table.assign(kl_bound=kl_bound(table.k.to_numpy()), prompts=len(rates))


def selections_of(pool: Pool, scores: dict[str, np.ndarray], names) -> pd.DataFrame:
    """Return the response with the highest score in each prompt's pool, by method."""
    rows = np.arange(len(pool.prompts))
    parts = []
    for method, values in scores.items():
        best = values.argmax(1)
        columns = {name: pool.rewards[index][rows, best] for index, name in enumerate(names)}
        ids = {"prompt_id": pool.prompts, "response_id": pool.responses[rows, best]}
        parts.append(pd.DataFrame({"method": method, **ids, **columns}))
    return pd.concat(parts, ignore_index=True)


@stage
def combine_rewards(
    pool: Input,
    win_rates: Output,
    by_prompt: Output,
    selections: Output,
    settings: CombiningSettings,
) -> None:
    """Win rates of best-of-k by every combination and reference."""
    rates, chosen = [], []
    for part in pools_of(read_pool(pool, settings), settings):
        scores = method_scores(part, settings.quantiles)
        rates.append(rates_of_pool(part, scores, settings))
        chosen.append(selections_of(part, scores, settings.rewards))
    together = pd.concat(rates)
    write_csv(summary(together, settings.resamples), win_rates)
    write_csv(pd.concat(chosen, ignore_index=True), selections)
    long = together.melt(value_name="win_rate", ignore_index=False).reset_index()
    long.to_parquet(by_prompt, index=False)


if __name__ == "__main__":
    main(combine_rewards)
