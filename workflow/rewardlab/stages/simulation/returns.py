"""Figures 3 and 4: returns of the variance-unaware and the variance-aware closed-form policy.

The true rewards have one magnitude, half of them with either sign, and the variances are spaced
evenly over the given range, in random order: no lucky draw of the problem decides. The paper gives
neither. The reference policy is uniform, so its return is 0. Then reward estimates are drawn, and
each gives the true return of both policies.
"""

from typing import Literal

import numpy as np
import pandas as pd

from rewardlab.evaluation.tables import share, write_csv
from rewardlab.policies import closed_form
from rewardlab.policies.closed_form import METHODS
from rewardlab.running.progress import progress
from rewardlab.running.stage import Output, main, stage
from rewardlab.settings.simulation import ReturnSettings
from rewardlab.settings.types import Seed

CHUNK = 2000  # draws in memory at a time

# Norms of the true reward, at which the closed forms are also given: the paper states none.
NORMS = (0.1, 1.0, 10.0, 31.6)


def draw_returns(settings: ReturnSettings, true, variances, rng: np.random.Generator):
    """Return the true returns (draws, 2) of both methods, and which left the simplex."""
    reference = np.full(settings.dimension, 1 / settings.dimension)
    returns, outside = [], []
    starts = range(0, settings.draws, CHUNK)
    for start in progress(starts, "drawing estimates", len(starts)):
        size = (min(CHUNK, settings.draws - start), settings.dimension)
        estimates = true + np.sqrt(variances) * rng.standard_normal(size)
        steps = (
            closed_form.unaware_step(estimates, settings.epsilon),
            closed_form.aware_step(estimates, variances, settings.epsilon),
        )
        returns.append(np.stack([(reference + step) @ true for step in steps], axis=1))
        outside.append(
            np.stack([closed_form.outside_simplex(reference, step) for step in steps], axis=1)
        )
    return np.concatenate(returns), np.concatenate(outside)


def closed_moments(settings: ReturnSettings, true, variances, norm: float):
    """Return both methods' closed-form moments had the true reward another norm.

    The product sqrt(epsilon) x norm, which sets the spreads, is kept.
    """
    factor = norm / settings.true_reward_norm
    epsilon = settings.epsilon / factor**2
    start = true.mean() * factor
    for moments in (closed_form.unaware_moments, closed_form.aware_moments):
        mean, deviation = moments(true * factor, variances, epsilon)
        yield start + mean, deviation


def moments_table(settings, true, variances, returns, outside) -> pd.DataFrame:
    """Return means and deviations by method, drawn and in closed form, the latter by norm."""
    norms = sorted({*NORMS, settings.true_reward_norm})
    rows = [
        (method, "closed form", norm, *moments, np.nan)
        for norm in norms
        for method, moments in zip(
            METHODS, closed_moments(settings, true, variances, norm), strict=True
        )
    ]
    drawn = zip(METHODS, returns.mean(0), returns.std(0, ddof=1), outside.mean(0), strict=True)
    rows += [
        (method, "drawn", settings.true_reward_norm, mean, deviation, left)
        for method, mean, deviation, left in drawn
    ]
    columns = ["method", "source", "true_reward_norm", "mean", "deviation", "outside_simplex"]
    table = pd.DataFrame(rows, columns=columns)
    table["equal_gain_spread_ratio"] = closed_form.equal_gain_spread_ratio(true, variances)
    return table


def returns_table(settings, returns, moments: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method and draw, with the closed-form moments beside it."""
    at_norm = moments[moments.source.eq("closed form")]
    at_norm = at_norm[at_norm.true_reward_norm.eq(settings.true_reward_norm)].set_index("method")
    table = pd.DataFrame(
        {
            "method": np.repeat(METHODS, len(returns)),
            "draw": np.tile(np.arange(len(returns)), len(METHODS)),
            "return": returns.T.ravel(),
        }
    )
    table["closed_form_mean"] = table.method.map(at_norm["mean"])
    table["closed_form_deviation"] = table.method.map(at_norm["deviation"])
    return table


def findings_of(settings: ReturnSettings, variability: str, moments: pd.DataFrame) -> str:
    """Return the caption's sentences on what was run and what came out."""
    bounds = getattr(settings.variances, variability)
    drawn = moments[moments.source.eq("drawn")].set_index("method")
    closed = moments[moments.source.eq("closed form")].set_index(["true_reward_norm", "method"])
    at_norm = closed.loc[settings.true_reward_norm]
    unaware, aware = METHODS
    scale = np.sqrt(settings.epsilon) * settings.true_reward_norm
    gains = "; ".join(
        f"norm {norm:g}: {closed.loc[(norm, unaware), 'mean']:.3f} and "
        f"{closed.loc[(norm, aware), 'mean']:.3f}"
        for norm in sorted(set(closed.index.get_level_values(0)))
    )
    left = " and ".join(f"{share(drawn.outside_simplex[name])} ({name})" for name in METHODS)
    ratio = drawn.deviation[unaware] / drawn.deviation[aware]
    equal_gain = moments.equal_gain_spread_ratio.iloc[0]
    return f"""\
Here: {settings.dimension} arms, variances spaced evenly over {bounds.low:g} to {bounds.high:g},
true rewards of one magnitude and either sign, uniform reference, {settings.draws} draws. Standard
deviations of the return: {drawn.deviation[unaware]:.3f} variance-unaware and
{drawn.deviation[aware]:.3f} variance-aware (closed forms {at_norm.deviation[unaware]:.3f} and
{at_norm.deviation[aware]:.3f}), a ratio of {ratio:.2f}.

**Fitted:** one number, sqrt(epsilon) x norm of the true reward = {scale:.3f}, to the printed
deviation 0.13 of the variance-unaware method in Figure 3. **Predicted:** the other three deviations
of Figures 3 and 4, and their ratios. At equal mean gain the ratio would be {equal_gain:.3f}; the
rest comes from the smaller feasible set of the variance-aware method.

The paper gives neither the true reward nor epsilon nor the reference policy. Mean returns depend on
the norm of the true reward, even where the deviations do not (unaware and aware, closed forms):
{gains}. No norm gives the 4.64 that the paper prints for Figure 3 together with these spreads, and
nothing is added here to reach it.

The closed-form policies leave the probability simplex in {left} of the draws.
"""


@stage
def returns(
    table: Output,
    moments: Output,
    findings: Output,
    settings: ReturnSettings,
    variability: Literal["high_variability", "low_variability"],
    seed: Seed,
) -> None:
    """Figure 3 (high variability) or 4 (low): returns of both closed-form policies."""
    rng = np.random.default_rng(seed)
    bounds = getattr(settings.variances, variability)
    true, variances = closed_form.problem(
        settings.dimension, settings.true_reward_norm, bounds.low, bounds.high, rng
    )
    drawn, outside = draw_returns(settings, true, variances, rng)
    summary = moments_table(settings, true, variances, drawn, outside)
    write_csv(returns_table(settings, drawn, summary), table)
    write_csv(summary, moments)
    findings.write_text(findings_of(settings, variability, summary))


if __name__ == "__main__":
    main(returns)
