"""The best of n solutions: exact expectations over all subsets of a problem's N samples.

Pure functions of arrays (P, N), of P problems with N solutions each. Solutions with equal scores
share what is theirs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rewardlab.evaluation.bestofk import selection_shares

Array = NDArray[np.float64]
SUBSETS = 200  # that majority votes are taken over, which have no closed form


def worth_of_best(scores: Array, worth: Array, sizes: NDArray[np.int64]) -> Array:
    """Return the expected worth of the best of n by its score, (P, K), for each n in sizes (K,)."""
    count = scores.shape[1]
    shares = selection_shares(count, sizes)
    below = (scores[:, None, :] < scores[:, :, None]).sum(-1)
    equal = (scores[:, None, :] == scores[:, :, None]).sum(-1)
    chosen = (shares[:, below + equal] - shares[:, below]) / equal  # (K, P, N)
    return np.einsum("kpn,pn->pk", chosen, worth.astype(float))


def any_right(right: NDArray[np.bool_], sizes: NDArray[np.int64]) -> Array:
    """Return the probability that one of n is right, (P, K): pass@n."""
    shares = selection_shares(right.shape[1], sizes)
    return 1 - shares[:, (~right).sum(1)].T


def majority_right(
    answers: NDArray[np.int64], right: int | NDArray[np.int64], sizes: Sequence[int], seed: int
) -> Array:
    """Return how often the most frequent answer of n is right, (P, K), over drawn subsets.

    answers: (P, N) from 0 on, negative where there is none, which are no votes; right: (P,).
    Answers that are as frequent share the vote.
    """
    rng = np.random.default_rng(seed)
    problems, count = answers.shape
    kinds = int(max(answers.max(initial=0), np.max(right))) + 1
    votes = answers[:, :, None] == np.arange(kinds)  # (P, N, A)
    orders = rng.permuted(np.tile(np.arange(count), (SUBSETS, 1)), axis=1)
    found = np.zeros((problems, len(sizes)))
    for number, size in enumerate(sizes):
        for order in orders:
            counts = votes[:, order[:size]].sum(1)
            most = counts == counts.max(1, keepdims=True)
            most &= counts > 0
            wins = most[np.arange(problems), right] / np.maximum(most.sum(1), 1)
            found[:, number] += wins
    return found / SUBSETS


def ordered_right(scores: Array, right: NDArray[np.bool_]) -> Array:
    """Return how often a right solution scores above a wrong one of its problem, (P,), ties half.

    NaN of a problem whose solutions are all alike.
    """
    above = np.sign(scores[:, :, None] - scores[:, None, :]) / 2 + 0.5
    both = right[:, :, None] & ~right[:, None, :]
    with np.errstate(invalid="ignore"):
        return (above * both).sum((1, 2)) / both.sum((1, 2))
