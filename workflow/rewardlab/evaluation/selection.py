"""The scores by which best-of-k chooses: every combination with every reference."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata

from rewardlab.evaluation.bestofk import win_shares
from rewardlab.rewards.combinations import minimum, reward_sum, sigmoid_and, sigmoid_or
from rewardlab.rewards.pools import Pool
from rewardlab.rewards.references import sample_quantile

Array = NDArray[np.float64]

# The paper's names. The sum is one method: a reference shifts it by a constant of the prompt.
# The LSC sum chooses as sigmoid_AND does, both being increasing in the product of sigmoids.
COMBINATIONS = {"sigmoid_AND": sigmoid_and, "sigmoid_OR": sigmoid_or, "minimum": minimum}
SUM, SHARE_AND, SHARE_OR = "sum", "win_share_AND", "win_share_OR"


def method_scores(pool: Pool, quantiles: dict[str, float]) -> dict[str, Array]:
    """Return, by method, the scores (n, N) of a pool's responses.

    A combination without reference, as `sigmoid_AND`; with each quantile of the reference samples,
    as `sigmoid_AND_oracle_median`; with each of the pool's references, as
    `sigmoid_AND_predict_median`; the sum; and, where there are reference samples, the win shares:
    the share of them that a response beats on all properties, or on any (equal shares by the sum).
    With ever more samples that becomes the probability of winning, by which nothing chooses better;
    with few of them it is an estimate, and other methods may do better.
    """
    references = {"": np.zeros(pool.rewards.shape[:2])}
    if pool.others.size:
        for name, quantile in quantiles.items():
            references[f"_oracle_{name}"] = sample_quantile(pool.others, quantile)
    references |= {f"_{name}": values for name, values in pool.references.items()}
    scores = {SUM: combined(reward_sum, pool.rewards)}
    for ending, reference in references.items():
        centred = pool.rewards - reference[:, :, None]
        scores |= {f"{name}{ending}": combined(f, centred) for name, f in COMBINATIONS.items()}
    if pool.others.size:
        beaten = win_shares(pool.rewards, pool.others)
        # A sum's rank is worth less than one sample beaten: it decides among equal shares only.
        rank = rankdata(scores[SUM], axis=-1) / (2 * scores[SUM].shape[-1] * pool.others.shape[-1])
        scores[SHARE_AND], scores[SHARE_OR] = (share + rank for share in beaten)
    return scores


def combined(combination, rewards: Array) -> Array:
    """Return the combination (n, N) of rewards (P, n, N)."""
    return combination(torch.from_numpy(np.moveaxis(rewards, 0, -1))).numpy()
