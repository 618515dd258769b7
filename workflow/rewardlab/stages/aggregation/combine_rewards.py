"""Combines the rewards of several properties, and says how well best-of-k chooses by each way.

The pool has a row for each response: prompt_id, response_id, a column for each reward, and if you
like: use (`reference` for further samples that serve for quantiles only), judges' columns, and
references of your own as <reward>_<reference>. Rewards are taken for logits: bring them to
comparable scales first, since one with a large spread decides sum and OR alone. Three tables come
out: win rates against a response of the same pool with 95 % intervals over prompts (none for one),
the same by prompt, and the response that each way chooses from the whole pool. Win rates are exact
over all subsets of size k. The names' endings say what the files are: CSV, JSON lines (.jsonl), a
JSON array (.json), or parquet.

    python -m rewardlab.stages.aggregation.combine_rewards --rewards helpful,harmless --k 1,2,4 \\
        --pool MY.csv --win-rates OUT.csv --by-prompt OUT.parquet --selections CHOSEN.csv
"""

import numpy as np
import pandas as pd

from rewardlab.data.tables import check_ending, write_table
from rewardlab.evaluation.bestofk import AND, OR, kl_bound, win_rates
from rewardlab.evaluation.selection import method_scores
from rewardlab.evaluation.statistics import bootstrap_means, percentile_interval
from rewardlab.evaluation.tables import DIGITS
from rewardlab.rewards.pools import Pool, pools_of, read_pool
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.aggregation import CombiningSettings

# Intervals do not depend on luck that matters: a fixed seed keeps equal inputs equal outputs.
SEED = 0
INDEX = ["scored_by", "metric", "method", "k"]


def rates_of_pool(pool: Pool, scores: dict[str, np.ndarray], settings: CombiningSettings):
    """Return the win rates (n prompts, one column for each of INDEX) of one pool.

    The metrics are winning on all, on any, and on each; of a single judge, on that one alone.
    """
    sizes = np.array(settings.k)
    judged = {"rewards": (pool.rewards, settings.rewards)}
    if pool.judged is not None:
        judged["judges"] = pool.judged, settings.judged_on
    parts = []
    for scored_by, (rewards, names) in judged.items():
        metrics = [AND, OR, *names] if len(names) > 1 else list(names)
        rates = win_rates(np.stack([*scores.values()]), rewards, sizes)[:, -len(metrics) :]
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
    for path in (win_rates, by_prompt, selections):
        check_ending(path)
    rates, chosen = [], []
    for part in pools_of(read_pool(pool, settings), settings):
        scores = method_scores(part, settings.quantiles)
        rates.append(rates_of_pool(part, scores, settings))
        chosen.append(selections_of(part, scores, settings.rewards))
    together = pd.concat(rates)
    write_table(summary(together, settings.resamples), win_rates, DIGITS)
    write_table(pd.concat(chosen, ignore_index=True), selections, DIGITS)
    long = together.melt(value_name="win_rate", ignore_index=False).reset_index()
    write_table(long, by_prompt, DIGITS)


if __name__ == "__main__":
    main(combine_rewards)
