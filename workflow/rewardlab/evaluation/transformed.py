"""Policies on transformed rewards by draw of reward models and prompt: means, at equal divergence.

Tables are those of the stages `transforming.judge` and `transforming.trace`: a row for each method,
coefficient, draw of reward models (`ensemble`) and prompt. What tells coefficients apart is `by`,
the column `factor` of policies or `point` of a path. Draws and prompts are units of every interval.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from rewardlab.evaluation.estimates import Estimate, crossed
from rewardlab.evaluation.fixed_points import on_path
from rewardlab.policies.names import REFERENCE
from rewardlab.running.errors import UserError

Array = NDArray[np.float64]

OWN = "own"  # references as an experiment has them
SIZE = 0.8  # probability of seeing a difference, by which its size is told


def laid_out(table: pd.DataFrame, by: str, columns: Sequence[str]) -> Array:
    """Return columns of one method as (B, E, P, C), by coefficient, draw and prompt.

    Draws that lack a coefficient, whose policy did not end well, are left out. Raises UserError if
    that is all of them.
    """
    ordered = table.sort_values([by, "ensemble", "prompt_id"], kind="stable")
    complete = draws_of(ordered, by)
    if not complete:
        raise UserError(
            f"of {', '.join(table.method.unique())} there is no draw of reward models whose "
            "policies ended well at every coefficient."
        )
    kept = ordered[ordered.ensemble.isin(complete)]
    shape = ordered[by].nunique(), len(complete), ordered.prompt_id.nunique(), len(columns)
    return kept[list(columns)].to_numpy(float).reshape(shape)


def draws_of(table: pd.DataFrame, by: str) -> list[int]:
    """Return the draws that have every coefficient, in order."""
    counts = table.groupby("ensemble")[by].nunique()
    return sorted(counts.index[counts.eq(table[by].nunique())])


def at_divergence(table: pd.DataFrame, by: str, columns: Sequence[str], kl: float) -> Array:
    """Return columns (E, P, C) of one method where each draw's mean divergence is `kl`.

    Interpolated between a draw's coefficients, never beyond them: NaN there.
    """
    values = laid_out(table, by, ["kl", *columns])
    by_draw = np.moveaxis(values, 1, 0)  # (E, B, P, C)
    return np.stack([on_path(part[..., 0].mean(1), part[..., 1:], [kl])[0] for part in by_draw])


def improvement_at(
    table: pd.DataFrame, method: str, by: str, scorer: str, kl: float, halves: bool = False
) -> Array:
    """Return by draw and prompt (E, P) how much oftener a method wins than the base does, at `kl`.

    On all properties at once, against the base's samples, to which the base itself is even or, on
    several properties, below. halves: twice, by halves of the responses, (E, P, 2).
    """
    rows = table[table.method.eq(method)]
    win = f"win_{scorer}_all"
    columns = [f"{win}_0", f"{win}_1"] if halves else [win]
    draws = draws_of(rows, by)
    own = of_base(table[table.ensemble.isin(draws)], [win])
    found = at_divergence(rows, by, columns, kl) - own
    return found if halves else found[..., 0]


def mean(values: Array) -> Estimate:
    """Return the mean over draws and prompts (E, P)."""
    return crossed(np.mean, values)


def curve(table: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    """Return a row for each coefficient of one method: kl, value, low, high."""
    return points_of(laid_out(table, by, ["kl", column]))


def points_of(values: Array) -> pd.DataFrame:
    """Return a row for each coefficient: kl, value, low, high; values: (B, E, P, 2)."""
    rows = []
    for part in values:
        found = mean(part[..., 1]).quantity
        rows.append((part[..., 0].mean(), found.value, found.low, found.high))
    return pd.DataFrame(rows, columns=["kl", "value", "low", "high"])


def of_base(table: pd.DataFrame, columns: Sequence[str]) -> Array:
    """Return columns (E, P, C) of the base model itself, by the reward models of each draw."""
    rows = table[table.method.eq(REFERENCE)]
    return laid_out(rows.assign(one=0), "one", columns)[0]


def over_base(table: pd.DataFrame, method: str, by: str, column: str) -> Array:
    """Return divergences and values (B, E, P, 2) of one method, the latter less the base's own.

    By the same draw's reward models on the same prompt, so that their offsets drop out.
    """
    rows = table[table.method.eq(method)]
    values = laid_out(rows, by, ["kl", column])
    draws = draws_of(rows, by)
    base = table[table.method.eq(REFERENCE) & table.ensemble.isin(draws)]
    over = values[..., 1] - of_base(base, [column])[..., 0]
    return np.stack([values[..., 0], over], -1)


def unimproved(first: Array, second: Array) -> float:
    """Return the share of draws and prompts with an improvement of at most 0; by halves (E, P).

    The noise of responses would spread improvements: they are drawn in towards their mean over
    prompts, until their variance is the covariance of the halves. NaN where one is not known.
    """
    both = (first + second) / 2
    if not np.isfinite(both).all():
        return np.nan
    centre = both.mean(1, keepdims=True)
    spread = ((both - centre) ** 2).sum(1, keepdims=True)
    common = _product_of_halves(first, second)[:, None]
    share = np.divide(common, spread, out=np.zeros_like(spread), where=spread > 0)
    shrunk = centre + np.sqrt(np.clip(share, 0, 1)) * (both - centre)
    return float((shrunk <= 0).mean())


def unevenness(first: Array, second: Array) -> float:
    """Return the deviation over prompts of the improvement, over its mean; by halves (E, P).

    The covariance of two halves of the responses is its variance without their noise.
    """
    variance = _product_of_halves(first, second).mean() / (first.shape[1] - 1)
    return float(np.sqrt(max(variance, 0.0)) / ((first.mean() + second.mean()) / 2))


def _product_of_halves(first: Array, second: Array) -> Array:
    """Return by draw (E,) the sum over prompts of the product of both halves' deviations."""
    centred = [half - half.mean(1, keepdims=True) for half in (first, second)]
    return (centred[0] * centred[1]).sum(1)


def fall(lines: Array) -> float:
    """Return how far the mean of lines (E, P, G) has come down at their end from its peak.

    The peak of the mean over one half of the draws is where the other half's is taken.
    """
    halves = lines[::2], lines[1::2]
    falls = []
    for own, other in (halves, halves[::-1]):
        peak = int(other.mean((0, 1)).argmax())
        falls.append(own[:, :, peak] - own[:, :, -1])
    return float(np.concatenate(falls).mean())


def lines_up_to(values: Array, kl: float, points: int) -> Array:
    """Return values over the base (E, P, G) at G divergences up to `kl`; as from `over_base`.

    From the base model, which is 0 at no divergence, on.
    """
    grid = np.linspace(0, kl, points + 1)[1:]
    lines = []
    for part in np.moveaxis(values, 1, 0):  # (B, P, 2)
        start = np.stack([np.full(part.shape[1], 1e-3), np.zeros(part.shape[1])], -1)
        whole = np.concatenate([start[None], part])
        lines.append(on_path(whole[..., 0].mean(1), whole[..., 1], grid).T)
    return np.stack(lines)


def reached(values: Array) -> float:
    """Return the largest divergence that every draw reaches; values: as from `over_base`."""
    return float(values[..., 0].mean(2).max(0).min())


def lost(trained: pd.DataFrame) -> list[str]:
    """Return the methods and draws that lack a policy which ended well, in words."""
    found = []
    for method in methods_of(trained):
        rows = trained[trained.method.eq(method)]
        missing = set(trained.ensemble) - set(draws_of(rows, "factor"))
        found += [f"{method}, reward models {draw}" for draw in sorted(missing)]
    return found


def detectable(estimate: Estimate) -> float:
    """Return the size of a difference that an interval of this error would tell from 0, mostly."""
    quantiles = stdtrit(estimate.freedom, [0.975, SIZE])
    return float(quantiles.sum() * estimate.error)


def methods_of(table: pd.DataFrame) -> list[str]:
    """Return the trained methods of a table, in its order."""
    return [name for name in table.method.unique() if name != REFERENCE]
