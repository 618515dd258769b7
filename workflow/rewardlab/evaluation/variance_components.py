"""Variance components of a crossed design with random levels: pure functions on arrays."""

from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def crossed_components(values: Array) -> dict[tuple[int, ...], float]:
    """Return the variance that every set of factors adds, without bias, averaged over responses.

    values: (L1, ..., LF, R), one for each combination of levels, R responses; at least two levels
    of each factor. The covariance of two members that agree in exactly the factors S is the sum of
    the components within S (and what all share), so that components follow by inclusion and
    exclusion. The components of all non-empty sets add up to the variance of a member whose levels
    are all drawn anew. They can be negative where there is little variance.
    """
    factors = range(values.ndim - 1)
    subsets = list(
        chain.from_iterable(combinations(factors, size) for size in range(len(factors) + 1))
    )
    agreeing = {subset: _covariance(values, subset) for subset in subsets}
    found = {}
    for subset in subsets[1:]:
        parts = [part for part in subsets if set(part) <= set(subset)]
        found[subset] = sum((-1) ** (len(subset) - len(part)) * agreeing[part] for part in parts)
    return found


def _covariance(values: Array, agreeing: tuple[int, ...]) -> float:
    """Return the mean product of two members that agree in some factors and differ in the rest."""
    others = values
    for axis in range(values.ndim - 1):
        count = values.shape[axis]
        if axis in agreeing:
            others = others / count
        else:
            others = (others.sum(axis, keepdims=True) - others) / (count * (count - 1))
    return float((values * others).sum() / values.shape[-1])
