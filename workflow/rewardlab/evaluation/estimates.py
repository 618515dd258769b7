"""Estimates from a few units, such as ensembles: jackknife errors and Student's intervals.

A percentile bootstrap over ten ensembles covers less than it says, and one that draws the heads
within them anew covers more and sees less; `reliability_of_ratio` in `spread` simulates what this
one is worth.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from rewardlab.evaluation.decisions import Quantity

Array = NDArray[np.float64]


class Estimate(NamedTuple):
    """An estimate, its standard error, and the degrees of freedom of that error.

    is_log: whether it is the logarithm of what is told, as of a ratio.
    """

    value: float
    error: float
    freedom: float
    is_log: bool = False

    @property
    def quantity(self) -> Quantity:
        """Return what is estimated with its 95 % interval; NaN ends where there is no error."""
        half = stdtrit(self.freedom, 0.975) * self.error if self.freedom > 0 else np.nan
        parts = self.value, self.value - half, self.value + half
        return Quantity(*(float(np.exp(part)) if self.is_log else float(part) for part in parts))

    def __format__(self, spec: str) -> str:
        """Return what is estimated with its interval, as a quantity is written."""
        return format(self.quantity, spec)


def jackknife(value: float, without: Array, log: bool = False) -> Estimate:
    """Return the estimate of a statistic of G units, by what it is without each of them, (G,).

    log: of a ratio, whose logarithm is taken. Without several units there is no error, nor is there
    one of a ratio that is not positive and finite.
    """
    count, error = len(without), np.nan
    with np.errstate(all="ignore"):
        value, without = (np.log(value), np.log(without)) if log else (value, without)
        if count > 1:
            spread = without - without.mean()
            error = float(np.sqrt((count - 1) / count * (spread**2).sum()))
    return Estimate(float(value), error if np.isfinite(error) else np.nan, count - 1, log)


def over_units(
    statistic: Callable[[NDArray[np.int64]], float], units: Sequence[object], log: bool = False
) -> Estimate:
    """Return a statistic of row numbers with its jackknife error; a single unit gives none.

    units: (n,), what each row belongs to; log: as in `jackknife`.
    """
    members = np.asarray(units)
    rows = np.arange(len(members))
    names = np.unique(members)
    without = [float(statistic(rows[members != name])) for name in names if len(names) > 1]
    return jackknife(float(statistic(rows)), np.array(without), log)


def crossed(statistic: Callable[..., float], *arrays: Array, log: bool = False) -> Estimate:
    """Return the estimate of a statistic of arrays (R, C, ...), R rows crossed with C columns.

    Rows and columns, such as policies and prompts, are units of their own: the squares of the two
    jackknife errors are added, which counts what is neither's twice and is a little too much. log:
    as in `jackknife`.
    """
    parts = [
        over_units(
            lambda kept, axis=axis: statistic(*(part.take(kept, axis) for part in arrays)),
            range(arrays[0].shape[axis]),
            log,
        )
        for axis in (0, 1)
    ]
    squares = np.array([part.error for part in parts]) ** 2
    freedom = np.array([part.freedom for part in parts])
    with np.errstate(all="ignore"):
        together = float(squares.sum() ** 2 / (squares**2 / freedom).sum())
    if squares.sum() == 0:  # alike without every unit
        together = float(freedom.max())
    return Estimate(parts[0].value, float(np.sqrt(squares.sum())), together, log)


def pooled(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of independent estimates, with the degrees of freedom by Satterthwaite."""
    errors = np.array([estimate.error for estimate in estimates])
    freedom = np.array([estimate.freedom for estimate in estimates])
    squares = errors**2
    value = float(np.mean([estimate.value for estimate in estimates]))
    total = squares.sum()
    with np.errstate(all="ignore"):
        together = float(total**2 / (squares**2 / freedom).sum())
    error = float(np.sqrt(total)) / len(estimates)
    return Estimate(value, error, together, estimates[0].is_log)
