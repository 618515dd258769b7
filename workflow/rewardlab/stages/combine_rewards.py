"""Combines the rewards of several properties, and says how well best-of-k chooses by each way.

The pool (CSV or parquet) has a row for each response: prompt_id, response_id, a column for each
reward, and if you like: use (`reference` for further samples that serve for quantiles only),
judges' columns, and references of your own as <reward>_<reference>. Three tables come out: win
rates against a response of the same pool with 95 % intervals, the same by prompt, and the response
that each way chooses from the whole pool. Win rates are exact over all subsets of size k.

    python -m rewardlab.stages.combine_rewards --rewards helpful,harmless --k 1,2,4 \\
        --pool MY.csv --win-rates OUT.csv --by-prompt OUT.parquet --selections CHOSEN.csv
"""

from pathlib import Path

import numpy as np
import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.bestofk import AND, OR, kl_bound, win_rates
from rewardlab.evaluation.statistics import bootstrap_means, percentile_interval
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.aggregation_settings import CombiningSettings
from rewardlab.rewards.pools import Pool, pools_of, read_pool
from rewardlab.rewards.selection import method_scores

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
        columns = {name: pool.rewards[place][rows, best] for place, name in enumerate(names)}
        ids = {"prompt_id": pool.prompts, "response_id": pool.responses[rows, best]}
        parts.append(pd.DataFrame({"method": method, **ids, **columns}))
    return pd.concat(parts, ignore_index=True)


def run(job: Job) -> None:
    settings = job.settings
    pools = pools_of(read_pool(Path(job.inputs["pool"]), settings), settings)
    rates, selections = [], []
    for pool in pools:
        scores = method_scores(pool, settings.quantiles)
        rates.append(rates_of_pool(pool, scores, settings))
        selections.append(selections_of(pool, scores, settings.rewards))
    together = pd.concat(rates)
    write_csv(summary(together, settings.resamples), job.outputs["win_rates"])
    write_csv(pd.concat(selections, ignore_index=True), job.outputs["selections"])
    long = together.melt(value_name="win_rate", ignore_index=False).reset_index()
    long.to_parquet(job.outputs["by_prompt"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    settings=CombiningSettings,
    defaults={
        "rewards": "helpful,harmless",
        "judges": "",
        "references": "",
        "quantiles": "median=0.5",
        "k": "1,2,4,8",
        "resamples": "2000",
    },
    inputs=("pool",),
    outputs=("win_rates", "by_prompt", "selections"),
)

if __name__ == "__main__":
    COMMAND.main()
