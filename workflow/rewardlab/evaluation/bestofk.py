"""Exact win rates of best-of-k against the base model: pure functions of arrays.

From one pool of N samples of a prompt, y0 is each sample in turn, and y1 the best of k of the other
N - 1, over all their subsets. The sample of rank r among n = N - 1 is the best of
C(r, k) - C(r - 1, k) of the C(n, k) subsets; samples with equal scores share what is theirs. So the
estimate is the mean over all subsets and all y0 (a U-statistic: unbiased at every k), without
drawing any. y1 wins on a property where its reward is strictly greater than y0's.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bits = NDArray[np.uint8]

AND, OR = "and", "or"
# Comparisons that are held in memory at a time, as one byte each.
CHUNK = 2**26


def selection_shares(total: int, sizes: NDArray[np.int64]) -> Array:
    """Return C(r, k) / C(total, k) by k in `sizes` and r = 0..total, (K, total + 1).

    It is the probability that all of k samples are among the r lowest.
    """
    ranks = np.arange(total + 1, dtype=float)
    shares, row = [], np.ones(total + 1)
    for size in range(1, int(sizes.max()) + 1):
        row = row * np.maximum(ranks - size + 1, 0) / (total - size + 1)
        shares.append(row)
    return np.stack(shares)[sizes - 1]


def win_rates(scores: Array, rewards: Array, sizes: NDArray[np.int64]) -> Array:
    """Return the win rates of best-of-k by several scores, (M, metrics, n, K).

    scores: (M, n, N), by which the best is chosen, of M methods on n prompts with N samples each;
    rewards: (P, n, N), by which a win is decided; sizes: (K,), each k at most N - 1. The metrics
    are winning on all properties (AND), on at least one (OR), and on each of the P alone.
    Raises ValueError if a k is too large, or a value is not finite.
    """
    if sizes.max() > scores.shape[-1] - 1 or sizes.min() < 1:
        raise ValueError(f"k must be from 1 to {scores.shape[-1] - 1}, one less than the samples")
    if not (np.isfinite(scores).all() and np.isfinite(rewards).all()):
        raise ValueError("scores and rewards must be finite")
    prompts, samples = scores.shape[1:]
    step = max(1, CHUNK // samples**2)
    shares = selection_shares(samples - 1, sizes)
    chunks = [slice(start, start + step) for start in range(0, prompts, step)]
    parts = [_win_rates_of_chunk(scores[:, part], rewards[:, part], shares) for part in chunks]
    return np.concatenate(parts, axis=2)


def _win_rates_of_chunk(scores: Array, rewards: Array, shares: Array) -> Array:
    wins = [_greater(reward) for reward in rewards]
    metrics = [np.bitwise_and.reduce(wins), np.bitwise_or.reduce(wins), *wins]
    return np.stack([_of_one_score(score, metrics, shares) for score in scores])


def _of_one_score(scores: Array, metrics: list[Bits], shares: Array) -> Array:
    """Return (metrics, n, K) of one method's scores (n, N).

    A sample i is chosen with a probability that depends on whether y0, which is missing from the
    pool, scores below it (its rank falls by one), equally (one fewer to share with) or above.
    """
    prompts, samples = scores.shape
    below, above = _greater(scores), _greater(-scores)
    low, not_above = _count(below), samples - _count(above)
    size = not_above - low
    cases = (
        (below, low - 1, not_above - 1, size),
        (~(below | above), low, not_above - 1, size - 1),
        (above, low, not_above, size),
    )
    result = np.zeros((len(metrics), prompts, shares.shape[0]))
    rows = np.arange(prompts)[:, None] * samples
    for mask, first, last, sharing in cases:
        for number, wins in enumerate(metrics):
            beaten = _count(mask & wins)
            worth = np.where(beaten > 0, beaten / np.maximum(sharing, 1), 0.0)
            # Linear in the shares: add each sample's worth at its last rank, take it off below.
            used = beaten > 0
            at = np.concatenate([(rows + last)[used], (rows + first)[used]])
            signed = np.concatenate([worth[used], -worth[used]])
            steps = np.bincount(at, signed, minlength=prompts * samples)
            result[number] += steps.reshape(prompts, samples) @ shares.T
    return result / samples


def _greater(values: Array) -> Bits:
    """Return, as packed bits (n, N, bytes), whether value i is greater than value j, over j."""
    return np.packbits(values[:, :, None] > values[:, None, :], axis=-1)


def _count(bits: Bits) -> NDArray[np.int64]:
    return np.bitwise_count(bits).sum(-1, dtype=np.int64)


def win_shares(rewards: Array, others: Array) -> tuple[Array, Array]:
    """Return how often samples beat other samples of the base model, on all and on any property.

    rewards: (P, n, N); others: (P, n, R), further samples of the same prompts. Returns (n, N) each:
    choosing by it is the best that any combination of the rewards can do, up to the noise of R.
    """
    step = max(1, CHUNK // (rewards[:, 0].size * others.shape[-1]))
    on_all, on_any = [], []
    for start in range(0, rewards.shape[1], step):
        chunk = slice(start, start + step)
        wins = rewards[:, chunk, :, None] > others[:, chunk, None, :]
        on_all.append(wins.all(0).mean(-1))
        on_any.append(wins.any(0).mean(-1))
    return np.concatenate(on_all), np.concatenate(on_any)


def kl_bound(sizes: NDArray[np.int64]) -> Array:
    """Return log k - (k-1)/k, an upper bound of best-of-k's KL divergence from the base model."""
    return np.log(sizes) - (sizes - 1) / sizes
