"""Theorems 2.2, 3.3 and 3.6, checked by simulation, closed forms and a numeric optimiser.

One long table: theorem, series (which form, method or policy), dimension (or arms), variable and
its value at, quantity, source (closed form, drawn, optimiser), value with an interval where drawn.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.evaluation.concentration import (
    RADII,
    bound_coverage,
    norm_coverage,
    whitened_norms,
)
from rewardlab.evaluation.statistics import binomial_interval
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.policies import closed_form, weighted_kl
from rewardlab.running.stage import Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.simulation import (
    BoundSettings,
    OptimumSettings,
    RiskSettings,
    TheoremSettings,
)
from rewardlab.settings.types import Seed

COLUMNS = [
    "theorem",
    "series",
    "dimension",
    "variable",
    "at",
    "quantity",
    "source",
    "value",
    "ci_low",
    "ci_high",
]
FORMS = {
    "true optimum": weighted_kl.optimal_policy,
    "PPO's fixed point": weighted_kl.ppo_fixed_point,
    "as printed": weighted_kl.printed_policy,
}
SHOWN = (0.5, 0.8, 0.9, 0.95, 0.99)  # promises that the caption's table holds
Row = tuple[object, ...]


def bound_rows(settings: BoundSettings, seed: int) -> Iterator[Row]:
    """Yield Theorem 2.2's coverages: norm event and inequality, by form, dimension and promise."""
    for dimension in settings.dimensions:
        rng = np.random.default_rng(derive_seed(seed, "bound", dimension))
        draws = rng.standard_normal((settings.draws, dimension))
        for true_norm in settings.true_reward_norms:
            errors, lengths = whitened_norms(draws, true_norm)
            for form, radius_of in RADII.items():
                for promised in settings.promised:
                    radius = radius_of(dimension, promised)
                    head = ("2.2", form, dimension, "promised", promised)
                    if true_norm == settings.true_reward_norms[0]:
                        norm_event = "norm event"
                        yield *head, norm_event, "closed form", norm_coverage(dimension, radius)
                        yield *head, norm_event, "drawn", *_frequency(errors <= radius)
                    bound = f"inequality, true norm {true_norm:g}"
                    exact = bound_coverage(dimension, radius, true_norm)
                    yield *head, bound, "closed form", exact
                    yield *head, bound, "drawn", *_frequency(lengths <= radius + true_norm)


def risk_rows(settings: RiskSettings, seed: int) -> Iterator[Row]:
    """Yield Theorem 3.3's probabilities of doing worse than the reference, by heterogeneity.

    Variances are uniform between bounds with the given ratio and the same mean throughout; the true
    reward keeps its direction.
    """
    rng = np.random.default_rng(derive_seed(seed, "risk"))
    direction = rng.standard_normal(settings.dimension)
    true = settings.true_reward_norm * direction / np.linalg.norm(direction)
    quantiles = rng.uniform(size=settings.dimension)
    for ratio in settings.heterogeneity:
        low = 2 * settings.mean_variance / (1 + ratio)
        variances = low + quantiles * (ratio - 1) * low
        head = (settings.dimension, "heterogeneity", ratio)
        errors = rng.standard_normal((settings.draws, settings.dimension))
        estimates = true + np.sqrt(variances) * errors
        worse = {
            "variance-unaware": closed_form.unaware_step(estimates, 1.0) @ true <= 0,
            "variance-aware": closed_form.aware_step(estimates, variances, 1.0) @ true <= 0,
        }
        exact = {
            "variance-unaware": closed_form.unaware_underperformance(true, variances),
            "variance-aware": closed_form.aware_underperformance(true, variances),
        }
        for method in worse:
            quantity = "probability of underperforming"
            yield "3.3", method, *head, quantity, "closed form", exact[method]
            yield "3.3", method, *head, quantity, "drawn", *_frequency(worse[method])
        spread = closed_form.equal_gain_spread_ratio(true, variances)
        yield "3.3", "both", *head, "spread ratio at equal mean gain", "closed form", spread


def optimum_rows(settings: OptimumSettings, seed: int) -> Iterator[Row]:
    """Yield Theorem 3.6's expected rewards at equal budget, by form, and an optimiser's."""
    rng = np.random.default_rng(derive_seed(seed, "optimum"))
    reference = rng.dirichlet(np.full(settings.arms, 2.0))
    rewards = rng.standard_normal(settings.arms)
    weights = rng.uniform(0.2, 2.0, settings.arms)
    least = float(weighted_kl.least_weighted_kl(reference, weights))
    yield (
        "3.6",
        "all policies",
        settings.arms,
        "budget",
        0.0,
        "least weighted KL",
        "closed form",
        least,
    )
    for budget in settings.budgets:
        head = (settings.arms, "budget", budget, "expected reward")
        numeric = weighted_kl.numeric_optimum(reference, rewards, weights, budget) @ rewards
        yield "3.6", "true optimum", *head, "optimiser", numeric
        for name, form in FORMS.items():
            for shift in settings.reward_shifts:
                policy, _ = weighted_kl.best_within_budget(
                    form, reference, rewards + shift, weights, budget
                )
                label = name if shift == 0 else f"{name}, rewards {shift:+g}".replace("-", "−")
                yield "3.6", label, *head, "closed form", policy @ rewards
    yield from _sharpe_rows(settings, reference, rewards, weights)
    # The control: without a reward, the fixed point is the reference, and the optimum is not.
    nothing = np.zeros(settings.arms)
    for name, form in FORMS.items():
        policy = form(reference, nothing, weights, np.array(1.0))
        moved = float(np.abs(policy - reference).sum() / 2)
        head = (settings.arms, "budget", 0.0, "distance from the reference without reward")
        yield "3.6", name, *head, "closed form", moved


def _sharpe_rows(settings: OptimumSettings, reference, rewards, weights) -> Iterator[Row]:
    """Yield what a policy proportional to R / sigma^2 expects beside the optimum at its divergence.

    And how that ratio, and R / sigma, change when rewards and sigma are measured in halves.
    """
    for shift in settings.reward_shifts:
        ratio = np.clip((rewards + shift) / weights, 0.0, None)
        if not ratio.any():
            continue  # where no reward is positive there is no such policy
        policy = ratio / ratio.sum()
        budget = float(weighted_kl.weighted_kl(policy, reference, weights))
        best, _ = weighted_kl.best_within_budget(
            weighted_kl.optimal_policy, reference, rewards, weights, budget
        )
        head = (settings.arms, "reward shift", shift, "expected reward at its divergence")
        yield "3.6", "proportional to R / sigma^2", *head, "closed form", policy @ rewards
        yield "3.6", "true optimum", *head, "closed form", best @ rewards
    sigma = np.sqrt(weights)
    for name, power in (("R / sigma^2", 2), ("R / sigma", 1)):
        change = (rewards / 2 / (sigma / 2) ** power) / (rewards / sigma**power) - 1
        head = (settings.arms, "unit of the reward", 2.0, "relative change")
        yield "3.6", name, *head, "closed form", float(np.abs(change).max())


def _frequency(events: np.ndarray) -> tuple[float, float, float]:
    low, high = binomial_interval(events.sum(), events.size)
    return float(events.mean()), float(low), float(high)


def theorem_table(settings: TheoremSettings, seed: int) -> pd.DataFrame:
    """Return all rows; the interval is empty where a value was not drawn."""
    rows = [
        *bound_rows(settings.bound, seed),
        *risk_rows(settings.risk, seed),
        *optimum_rows(settings.optimum, seed),
    ]
    filled = [(*row, *([np.nan] * (len(COLUMNS) - len(row)))) for row in rows]
    return pd.DataFrame(filled, columns=COLUMNS)


def findings_of(table: pd.DataFrame) -> str:
    """Return the caption's sentences on what came out, with the coverage table of Theorem 2.2."""
    exact = table[table.source.eq("closed form")]
    events = exact[exact.theorem.eq("2.2") & exact.quantity.eq("norm event")]
    coverage = events.pivot(index=["dimension", "at"], columns="series", values="value")
    coverage = coverage[coverage.index.get_level_values("at").isin(SHOWN)]
    lines = [
        f"   {dimension}, {share(promised)}, " + ", ".join(share(row[form]) for form in RADII)
        for (dimension, promised), row in coverage.iterrows()
    ]
    risk = exact[exact.quantity.eq("probability of underperforming")]
    risk = risk.pivot(index="at", columns="series", values="value")
    spread = exact[exact.quantity.eq("spread ratio at equal mean gain")].set_index("at").value
    widest = risk.index.max()
    rewards = exact[exact.quantity.eq("expected reward")]
    rewards = rewards.pivot(index="at", columns="series", values="value")
    optimiser = table[table.source.eq("optimiser")].set_index("at").value
    largest_gap = float((rewards["true optimum"] - optimiser).abs().max())
    behind = (rewards["true optimum"] - rewards["as printed"]).max()
    ppo_behind = (rewards["true optimum"] - rewards["PPO's fixed point"]).max()
    least = exact[exact.quantity.eq("least weighted KL")].value.iloc[0]
    own = exact[exact.quantity.eq("expected reward at its divergence")]
    own = own.pivot(index="at", columns="series", values="value")
    sharpe = (own["true optimum"] - own["proportional to R / sigma^2"]).max()
    change = exact[exact.quantity.eq("relative change")].set_index("series").value
    header = ", ".join(RADII)
    return f"""\
**Theorem 2.2**, coverage of the norm event:

.. csv-table::
   :header: dimension, promised, {header}

{chr(10).join(lines)}

**Theorem 3.3**: at a variance ratio of {widest:g} the probability of doing worse than the reference
is {risk.loc[widest, "variance-unaware"]:.3f} for the variance-unaware policy and
{risk.loc[widest, "variance-aware"]:.3f} for the variance-aware one. At equal mean gain the spreads
differ by a factor of {spread[widest]:.2f} there.

**Theorem 3.6**: over the budgets the true optimum and the numeric optimiser differ by at most
{largest_gap:.1e}; the printed form, its coefficient free, is behind by up to {behind:.4f}, and
PPO's fixed point by up to {ppo_behind:.4f}. The weighted divergence is no divergence: its smallest
value over all policies is {least:.4f}. A policy proportional to R / sigma^2 loses up to
{sharpe:.4f} of expected reward to the optimum at its own weighted divergence; measured in halves,
R / sigma^2 is {1 + change["R / sigma^2"]:.0f} times itself, and the Sharpe ratio, R / sigma, stays.
"""


@stage
def theorems(table: Output, findings: Output, settings: TheoremSettings, seed: Seed) -> None:
    """Theorems 2.2, 3.3 and 3.6, each checked by computation."""
    checked = theorem_table(settings, seed)
    write_csv(checked, table)
    findings.write_text(findings_of(checked))


if __name__ == "__main__":
    main(theorems)
