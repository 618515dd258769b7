"""Figures 3 and 4 under the other constraints of Remark 2.3: spreads of both methods' returns.

- `ball`: the Euclidean constraint of the figures.
- `fisher`: the Fisher metric of a table of probabilities, diag(1 / pi0), scaled so that a uniform
  reference makes it Euclidean; here the reference is not uniform. Variance-aware, in our reading,
  it is weighted by the variances as well.
- `none`: one step along the estimates, as long as the ball's on average. Nothing in it knows the
  variances, so that both methods are one.
"""

from functools import partial

import numpy as np
import pandas as pd

from rewardlab.evaluation.tables import write_csv
from rewardlab.policies import closed_form
from rewardlab.running.stage import Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.simulation import ConstraintSettings, ReturnSettings
from rewardlab.settings.types import Seed

BALL, FISHER, NONE = "ball", "fisher", "none"
CHUNK = 2000  # draws in memory at a time


def method_of(constraint: str, is_aware: bool, true, variances, reference, epsilon: float):
    """Return what takes a step from estimates (..., D), and the moments of its return."""
    if constraint == NONE:
        step = partial(closed_form.gradient_step, true=true, variances=variances, epsilon=epsilon)
        return step, closed_form.unaware_moments(true, variances, epsilon)
    plain = np.ones(len(true)) if constraint == BALL else 1 / (len(true) * reference)
    metric = plain * variances if is_aware else plain
    # The aware ellipsoid touches the unaware one from inside, as in Theorem 3.3.
    budget = epsilon * (metric / plain).min()
    step = partial(closed_form.metric_step, metric=metric, epsilon=budget)
    return step, closed_form.metric_moments(true, variances, metric, budget)


def of_variability(
    settings: ReturnSettings, variability: str, exponent: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return a row for each constraint, method and source: mean and deviation of the gain."""
    bounds = getattr(settings.variances, variability)
    count = settings.dimension
    true, variances = closed_form.problem(
        count, settings.true_reward_norm, bounds.low, bounds.high, rng
    )
    reference = rng.permutation(np.arange(1.0, count + 1) ** -exponent)
    reference /= reference.sum()
    shared = true, variances, reference, settings.epsilon
    methods = {
        (constraint, name): method_of(constraint, name == closed_form.METHODS[1], *shared)
        for constraint in (BALL, FISHER, NONE)
        for name in closed_form.METHODS
    }
    gains: dict[tuple[str, str], list[np.ndarray]] = {key: [] for key in methods}
    for start in range(0, settings.draws, CHUNK):
        size = min(CHUNK, settings.draws - start), count
        estimates = true + np.sqrt(variances) * rng.standard_normal(size)
        for key, (step, _) in methods.items():
            gains[key].append(step(estimates) @ true)
    rows = []
    for (constraint, name), (_, moments) in methods.items():
        drawn = np.concatenate(gains[constraint, name])
        key = {"variability": variability, "constraint": constraint, "method": name}
        rows.append({**key, "source": "closed form", **moments._asdict()})
        found = {"mean": drawn.mean(), "deviation": drawn.std(ddof=1)}
        rows.append({**key, "source": "drawn", **found})
    return pd.DataFrame(rows)


def in_words(table: pd.DataFrame) -> str:
    """Return the deviations, their ratios, and the ratios at equal mean gain."""
    closed = table[table.source.eq("closed form")]
    lines = []
    for (variability, constraint), rows in closed.groupby(
        ["variability", "constraint"], sort=False
    ):
        unaware, aware = (rows[rows.method.eq(name)].iloc[0] for name in closed_form.METHODS)
        ratio = unaware.deviation / aware.deviation
        equal = ratio * aware["mean"] / unaware["mean"]
        lines.append(
            f"{variability.replace('_', ' ')}, {constraint}: standard deviations "
            f"{unaware.deviation:.3f} variance-unaware and {aware.deviation:.3f} variance-aware, a "
            f"ratio of {ratio:.2f}; at equal mean gain {equal:.3f}."
        )
    return "\n\n".join(lines) + "\n"


@stage
def constraints(
    table: Output,
    findings: Output,
    settings: ConstraintSettings,
    returns: ReturnSettings,
    seed: Seed,
) -> None:
    """Spreads of returns by constraint, where variances differ much and where they do not."""
    parts = []
    for name in ("high_variability", "low_variability"):
        rng = np.random.default_rng(derive_seed(seed, name))
        parts.append(of_variability(returns, name, settings.reference_exponent, rng))
    together = pd.concat(parts, ignore_index=True)
    write_csv(together, table)
    findings.write_text(in_words(together))


if __name__ == "__main__":
    main(constraints)
