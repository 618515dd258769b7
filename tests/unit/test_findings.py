"""What the chapters measure for the claims, on small made-up tables worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rewardlab.evaluation.decisions import NOT_REPRODUCED, REPRODUCED, Rule
from rewardlab.evaluation.degradation import cantelli_bound, gaussian_share_below
from rewardlab.evaluation.estimates import Estimate
from rewardlab.evaluation.matched_kl import Trial, next_beta
from rewardlab.evaluation.method_summary import final_proxy, summary
from rewardlab.evaluation.paired_policies import PairedPolicies
from rewardlab.running.documents import read_yaml
from rewardlab.settings.aggregation import AggregationSettings, PointwiseSettings
from rewardlab.stages.claims import aggregation, closed_forms, policies, reward_models
from rewardlab.stages.costs.tabulate import cost_table, costs_here
from rewardlab.stages.policies.trace_frontier import unexplained_variance

ROOT = Path(__file__).parents[2]

UNAWARE, AWARE = closed_forms.UNAWARE, closed_forms.AWARE


# Closed forms: U2 to U7.


def test_the_bandit_is_conservative_less_naive():
    arms = pd.DataFrame(
        {"true_reward": [1.0, 2.0, 3.0], "naive": [1, 0, 0], "conservative": [0, 0, 1]}
    )
    found = closed_forms.bandit_finding(arms)
    assert (found.id, found.value.value) == ("U2", 2.0)


RETURNS = pd.DataFrame(
    {
        "method": [UNAWARE] * 40 + [AWARE] * 40,
        "return": [-3.0, 3.0] * 20 + [-0.5, 1.5] * 20,
    }
)
MOMENTS = pd.DataFrame(
    {
        "source": ["closed form"] * 4 + ["drawn"] * 2,
        "true_reward_norm": [1.0, 1.0, 10.0, 10.0, 1.0, 1.0],
        "method": [UNAWARE, AWARE] * 3,
        "mean": [0.5, 0.4, 5.0, 1.0, 9.0, 9.0],
    }
)


def test_spreads_are_unaware_over_aware():
    ratio, deviations, gap = closed_forms.return_findings("U3", RETURNS, MOMENTS, 0)
    unaware, aware = 3 * np.sqrt(40 / 39), np.sqrt(40 / 39)
    assert [found.id for found in (ratio, deviations, gap)] == ["U3a", "U3b", "U3c"]
    assert ratio.value.value == pytest.approx(3.0)
    assert deviations.quantities["unaware deviation"][""].value == pytest.approx(unaware)
    assert deviations.quantities["aware deviation"][""].value == pytest.approx(aware)
    assert deviations.value.value == pytest.approx(aware)
    gaps = gap.quantities["gap"]
    assert gaps["1"].value == pytest.approx(0.1 / unaware)
    assert gaps["10"].value == pytest.approx(4.0 / unaware)
    assert gap.value.value == pytest.approx(0.5)  # aware less unaware, drawn
    assert ratio.value.low < 3.0 < ratio.value.high


def test_mean_gains_keep_their_method():
    *_, gains = closed_forms.return_findings("U4", RETURNS, MOMENTS, 0)
    assert gains.id == "U4c"
    assert {key: q.value for key, q in gains.quantities["unaware gain"].items()} == {
        "1": 0.5,
        "10": 5.0,
    }
    assert gains.quantities["aware gain"]["10"].value == 1.0
    assert gains.value.value == 0.0  # the unaware drawn mean


def risk(aware, unaware, drawn_aware, drawn_unaware):
    rows = []
    for series, closed, drawn in (
        (AWARE, aware, drawn_aware),
        (UNAWARE, unaware, drawn_unaware),
    ):
        rows.append((series, 10.0, "closed form", closed, np.nan, np.nan))
        rows.append((series, 10.0, "drawn", drawn, drawn - 0.01, drawn + 0.01))
    columns = ["series", "at", "source", "value", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns).assign(quantity="probability of underperforming")


def test_the_risk_is_the_aware_one_less_the_unaware_one():
    found = closed_forms.risk_finding(risk(0.2, 0.3, 0.21, 0.29))
    assert found.quantities["exact difference"]["10"].value == pytest.approx(-0.1)
    drawn = found.quantities["drawn difference"]["10"]
    assert drawn[:3] == pytest.approx((-0.08, -0.10, -0.06))
    assert found.value == drawn


def bound(printed, chi_square, drawn_high):
    rows = []
    for series, value in (("printed", printed), ("inverted", 1.0), ("chi-square", chi_square)):
        rows.append((series, "closed form", value, np.nan, np.nan))
        rows.append((series, "drawn", value, value - 0.01, drawn_high))
    table = pd.DataFrame(rows, columns=["series", "source", "value", "ci_low", "ci_high"])
    return table.assign(
        theorem=2.2, quantity="inequality, true norm 0", dimension=1, at=0.9, variable="promised"
    )


@pytest.mark.parametrize(
    ("printed", "chi_square", "drawn_high", "broken", "chi_broken"),
    [
        (0.5, 0.9, 0.51, 1.0, 0.0),
        (0.5, 0.8, 0.51, 1.0, 1.0),
        (0.95, 0.9, 0.96, 0.0, 0.0),
        (0.5, 0.9, 0.95, 0.0, 0.0),  # the draws do not say so
    ],
)
def test_promises_are_broken_in_closed_form_and_drawn(
    printed, chi_square, drawn_high, broken, chi_broken
):
    found = closed_forms.bound_finding(bound(printed, chi_square, drawn_high))
    values = {name: by_key[""].value for name, by_key in found.quantities.items()}
    assert values == {
        "promises broken": broken,
        "promises broken by the chi-square quantile": chi_broken,
    }
    assert found.value.value == printed


def test_what_the_printed_form_loses_is_at_equal_budget():
    rows = [
        ("true optimum", "closed form", 0.1, 1.0),
        ("true optimum", "closed form", 0.2, 2.0),
        ("as printed", "closed form", 0.1, 0.9),
        ("as printed", "closed form", 0.2, 1.7),
        ("true optimum", "optimiser", 0.1, 1.0),
        ("true optimum", "optimiser", 0.2, 2.0 + 1e-8),
    ]
    table = pd.DataFrame(rows, columns=["series", "source", "at", "value"])
    found = closed_forms.optimum_finding(table.assign(quantity="expected reward"))
    assert found.quantities["lost"][""].value == pytest.approx(0.3)
    assert found.quantities["optimiser's distance"][""].value == pytest.approx(1e-8)


# Reward models: U1, U8 to U12, U17, U18.

SCORES = pd.DataFrame(
    {
        "id": [0, 0, 1, 1],
        "subset": ["easy", "easy", "hard", "hard"],
        "side": ["chosen", "rejected"] * 2,
        "reward_0": [4.0, 0.0, 0.0, 4.0],
        "reward_1": [8.0, 5.0, 4.0, 0.0],
        "reward_mean": 0.0,
    }
)


def test_the_range_is_in_deviations_of_one_heads_rewards():
    """On both chosen responses the heads are 4 apart; on a rejected one 5."""
    found = reward_models.range_finding(SCORES, 0)
    deviations = np.mean([np.std([4, 0, 0, 4], ddof=1), np.std([8, 5, 4, 0], ddof=1)])
    assert found.value.value == pytest.approx(4.0 / deviations)


def test_the_gap_of_an_average_is_to_its_sections():
    printed = {
        "columns": ["average", "Chat", "Safety"],
        "rows": {"right": [50.0, 40.0, 60.0], "wrong": [55.0, 40.0, 60.0]},
    }
    found = reward_models.table_finding(printed)
    assert {name: q.value for name, q in found.quantities["gap"].items()} == {
        "right": 0.0,
        "wrong": 5.0,
    }
    assert found.value.value == 5.0


def variances():
    rows = [("a", "accepted", v) for v in (1.0, 3.0, 8.0)]
    rows += [("b", "accepted", v) for v in (2.0, 2.0, 2.0)]
    rows += [("a", "difference", v) for v in (0.4, 0.4, 0.4)]
    rows += [("b", "difference", v) for v in (3.0, 3.0, 3.0)]
    table = pd.DataFrame(rows, columns=["subset", "quantity", "variance"]).assign(centring="raw")
    return pd.concat([table, table.assign(centring="centred", variance=99.0)])


REDRAWN = pd.DataFrame(
    {
        "initial_deviation": [0.1, 0.1, 0.5, 0.5],
        "meets_means": [False, False, True, False],
        "meets_range": [False, False, True, False],
        "comparable": [True, True, False, False],
    }
)


def test_the_papers_model_stands_behind_others():
    """By the printed averages it is third of five models of two billion parameters."""
    printed = read_yaml(ROOT / "workflow/printed.yaml")["uncertainty_table1"]
    found = reward_models.comparable_finding(printed)
    assert found.value.value == pytest.approx(69.4 - 74.7)
    assert len(found.quantities["lead"]) == 4
    assert "behind 2 of 4 other 2B models" in found.evidence


def test_bytes_of_ten_models_over_those_of_ten_heads(tmp_path):
    for name, size in (("single", 100), ("ensemble", 109)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(b"x" * size)
    storage = {"ensemble": 9.34, "one model": 9.34, "ten models": 90}
    found = reward_models.storage_finding(tmp_path / "single", [tmp_path / "ensemble"], storage)
    assert found.value.value == pytest.approx(1000 / 109)
    ratios = found.quantities["ten models over the ensemble"]
    assert ratios["as printed"].value == pytest.approx(90 / 9.34)
    several = reward_models.storage_finding(tmp_path / "single", [tmp_path] * 2, storage)
    assert list(several.quantities["ten models over the ensemble"]) == ["as printed"]


def test_variances_by_set():
    ranges, shares = reward_models.variance_findings(variances(), REDRAWN, "paper", 0)
    assert ranges.quantities["mean"]["a"].value == 4.0
    assert ranges.quantities["median"]["a"].value == 3.0
    assert ranges.value.value == 2.0  # the lowest median
    assert shares.quantities["share"]["a"].value == pytest.approx(0.1)
    assert shares.quantities["share"]["b"].value == pytest.approx(1.5)
    assert shares.value.value == pytest.approx(0.1)
    assert "as stated in 0% (0.1), 50% (0.5) of redrawn ensembles" in ranges.evidence
    assert "the stated range in 25% of all" in ranges.evidence


def test_final_losses():
    rows = [("ensemble", 1, 0.9, 0.3), ("ensemble", 2, 0.9, 0.1), ("single model", 0, 0.9, 0.5)]
    table = pd.DataFrame(
        [(m, h, smoothed) for m, h, *losses in rows for smoothed in losses],
        columns=["model", "head", "smoothed"],
    )
    found = reward_models.loss_finding(table, 0)
    heads, less = (by_key[""] for by_key in found.quantities.values())
    assert heads.value == pytest.approx(0.2)
    assert less[:3] == pytest.approx([part - 0.5 for part in heads[:3]])


def test_the_worst_head_is_the_one_furthest_below():
    """Head 1 is right on the easy pair alone, head 2 on both; the single model on both."""
    single = SCORES.assign(reward_0=[1.0, 0.0, 1.0, 0.0]).drop(columns="reward_1")
    rule = Rule.model_validate(
        {"bounds": [{"quantity": "gap", "above": -0.5, "below": 0.5}]}, strict=False
    )
    found = reward_models.accuracy_finding(SCORES, single, REDRAWN, rule, 0)
    gaps = {name: gap.value for name, gap in found.quantities["gap"].items()}
    assert gaps == {
        "head 1 on easy": 0.0,
        "head 2 on easy": 0.0,
        "head 1 on hard": -1.0,
        "head 2 on hard": 0.0,
    }
    assert found.value.value == -1.0
    assert "75% of heads and sets" in found.evidence
    assert "100% (0.1), 0% (0.5) of ensembles" in found.evidence


def test_heads_that_err_alike_are_not_independent():
    """Deviations that are the same on every response: correlation 1, far from independent."""
    rng = np.random.default_rng(0)
    shared = rng.standard_normal(6) * 3
    rewards = rng.standard_normal((300, 6)) * 0.01 + shared * rng.choice([1, -1], (300, 1))
    alike = pd.DataFrame({f"reward_{head}": rewards[:, head] for head in range(6)})
    found = reward_models.gaussian_finding(alike, 0)
    excess = found.quantities["correlation less that of independent heads"][""]
    assert found.value.value == pytest.approx(1.0, abs=0.01)
    assert excess.low > 0.4
    apart = pd.DataFrame({f"reward_{head}": rng.standard_normal(4000) for head in range(6)})
    excess = reward_models.gaussian_finding(apart, 0).quantities
    assert abs(excess["correlation less that of independent heads"][""].value) < 0.03
    assert abs(excess["kurtosis less a Gaussian's"][""].value) < 0.03


def test_the_parameters_of_the_heads_are_shown():
    costs = pd.DataFrame(
        {
            "model": ["single reward model", "ensemble of heads"],
            "quantity": "trainable parameters",
            "here": ["100", "640"],
        }
    )
    assert reward_models.cost_finding(costs).value.value == 640.0


# Combining rewards: A1 to A5.

POOL = {
    "prompts": "world",
    "evaluation_prompts": 2,
    "samples": 4,
    "reference_samples": 2,
    "training_prompts": 2,
    "training_samples": 2,
    "response_tokens": 4,
    "refusal": "no",
}
COMBINING = AggregationSettings(
    properties=("a", "b"),
    source="sampled",
    pool=POOL,
    quantiles={"median": 0.5},
    penalty=1e-3,
    k=(1, 2),
    shown_k=2,
    resamples=50,
    pointwise=PointwiseSettings(epochs=1, batch_size=8, learning_rate=1e-3, samples=2, alike=1.0),
)
RATES = {  # by method: AND and OR, the same for both prompts
    "sum": (0.30, 0.70),
    "sigmoid_AND": (0.31, 0.40),
    "sigmoid_OR": (0.20, 0.75),
    "sigmoid_AND_oracle_median": (0.41, 0.45),
    "sigmoid_OR_oracle_median": (0.25, 0.85),
    "sigmoid_AND_predict_median": (0.36, 0.45),
    "sigmoid_OR_predict_median": (0.25, 0.83),
}


def by_prompt(rates):
    rows = [
        ("rewards", metric, method, k, prompt, rate)
        for method, pair in rates.items()
        for metric, rate in zip(("and", "or"), pair, strict=True)
        for k in (1, 2)
        for prompt in (0, 1)
    ]
    columns = ["scored_by", "metric", "method", "k", "prompt_id", "win_rate"]
    return pd.DataFrame(rows, columns=columns)


def test_what_combinations_gain():
    found = aggregation.measure(by_prompt(RATES), COMBINING, 0)
    gains = {(claim, metric): q["gain"].value for (claim, _, metric, _), q in found.items()}
    expected = {
        ("A1", "and"): 0.41 - 0.30,
        ("A2", "or"): 0.85 - 0.70,
        ("A3", "and"): 0.41 - 0.31,
        ("A3", "or"): 0.85 - 0.75,
        ("A4", "and"): 0.36 - 0.31,
        ("A4", "or"): 0.83 - 0.75,
        ("A5", "and"): 0.41 - 0.25,
        ("A5", "or"): 0.85 - 0.45,
    }
    assert gains == pytest.approx(expected)
    assert {k for *_, k in found} == {2}
    lost = {
        metric: found["A4", "rewards", metric, 2]["share lost"].value for metric in ("and", "or")
    }
    assert lost == pytest.approx({"and": 0.5, "or": 0.2})


def test_without_a_gain_of_the_oracle_there_is_no_share():
    rates = {**RATES, "sigmoid_AND_oracle_median": (0.31, 0.45)}
    found = aggregation.measure(by_prompt(rates), COMBINING, 0)
    assert "share lost" not in found["A4", "rewards", "and", 2]


def test_combinations_are_decided_at_every_k_by_the_ledgers_rule():
    rules = {
        claim: Rule.model_validate({"bounds": [{"quantity": "gain", "above": 0.12}]}, strict=False)
        for claim in aggregation.CLAIMS
    }
    found = aggregation.measure(by_prompt(RATES), COMBINING, 0)
    rows = pd.DataFrame(aggregation.rows_by_k(found, rules))
    verdicts = rows.set_index(["id", "metric"]).verdict
    assert verdicts["A1", "and"] == NOT_REPRODUCED
    assert verdicts["A2", "or"] == REPRODUCED
    shown = aggregation.finding_of("A3", found, rows, 2)
    assert shown.value.value == pytest.approx(0.1)
    assert set(shown.quantities["gain"]) == {"and", "or"}
    assert "AND +10.0 points; OR +10.0 points" in shown.evidence


# Policies: U13 to U16.


def policy_rows(method, judged, noise, kl, heads=2, trials=2):
    rows = [
        (method, 1.0, head * trials + trial, 0, head, trial, "finished")
        for head in range(heads)
        for trial in range(trials)
    ]
    columns = ["method", "factor", "policy", "ensemble", "head", "trial", "ended"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(judged=judged, noise=noise, kl=kl)


def figure7():
    reference = policy_rows("reference", [0.0, 0.1, 0.0, 0.1], 0.0, 0.0)
    return pd.concat(
        [
            reference.assign(ensemble=np.nan, head=np.nan, trial=np.nan),
            policy_rows("vanilla", [1.0, 2.0, 4.0, 5.0], 0.1, 1.0),
            policy_rows("variance_aware", [2.0, 2.5, 3.0, 3.5], 0.05, 2.0),
        ],
        ignore_index=True,
    )


def test_policies_are_compared_the_right_way_round():
    paired = PairedPolicies(figure7(), "variance_aware", False)
    assert paired.gain("vanilla", "reference").value == pytest.approx(3.0 - 0.05)
    assert paired.gain("vanilla", "variance_aware").value == pytest.approx(0.25)
    # Sample variances 10/3 and 5/12, less the noise of judging: vanilla over variance-aware.
    ratio = (10 / 3 - 0.1) / (5 / 12 - 0.05)
    assert paired.ratio_of_variances().quantity.value == pytest.approx(ratio)
    assert paired.difference_of_divergences().value == pytest.approx(-1.0)
    assert [rows.tolist() for rows in paired.clusters] == [[0, 1], [2, 3]]


def test_against_fresh_ensembles_these_are_the_clusters():
    rows = figure7()
    trained = rows.method.ne("reference")
    rows.loc[trained, "ensemble"] = [0, 0, 1, 1] * 2
    rows.loc[trained, "head"] = [0, 1, 0, 1] * 2
    paired = PairedPolicies(rows, "variance_aware", True)
    assert [part.tolist() for part in paired.clusters] == [[0, 1], [2, 3]]


def test_the_findings_on_policies():
    paired = PairedPolicies(figure7(), "variance_aware", False)
    over, ratio, order = policies.reward_findings(paired, "U13", 0, {})
    assert [found.id for found in (over, ratio, order)] == ["U13a", "U13b", "U13c"]
    assert over.value.value == pytest.approx(2.75 - 0.05)  # the lower gain
    assert set(over.quantities["gain"]) == {"vanilla", "variance_aware"}
    assert ratio.value.value > 1
    assert ratio.quantities["policies lost"][""].value == 0.0
    assert order.value.value == pytest.approx(0.25)
    assert policies.kl_finding({"Figure 7": paired}).value.value == pytest.approx(-1.0)


def test_a_lost_policy_is_counted_and_takes_its_partner_along():
    rows = figure7()
    lost = rows.method.eq("vanilla") & rows.policy.eq(3)
    rows.loc[lost, "ended"] = "vanilla, head 1, trial 1, step 2: the loss is not finite"
    rows.loc[lost, ["judged", "noise", "kl"]] = np.nan
    paired = PairedPolicies(rows, "variance_aware", False)
    assert len(paired.wide) == 3
    _, ratio, _ = policies.reward_findings(paired, "U13", 0, {})
    assert ratio.quantities["policies lost"][""].value == 1.0
    assert "1 policies did not end well: vanilla, head 1" in ratio.evidence


def test_the_proxy_rises_from_the_first_tenth_to_the_last():
    rows = [
        (method, 0, head, head, step, slope * step + 10 * head)
        for method, slope in (("vanilla", 2.0), ("variance_aware", 1.0))
        for head in (0, 1)
        for step in range(1, 21)
    ]
    steps = pd.DataFrame(rows, columns=["method", "ensemble", "head", "policy", "step", "proxy"])
    found = policies.proxy_finding(steps, "variance_aware")
    assert found.quantities["rise"]["vanilla"].value == pytest.approx(2.0 * 18)
    assert found.value.value == pytest.approx(18.0)


def test_a_method_in_one_row():
    table = policy_rows("vanilla", [1.0, 2.0, 4.0, 5.0], 0.1, [1.0, 1.0, 2.0, 2.0])
    found = summary(table.assign(proxy=7.0), np.random.default_rng(0))
    assert (found["policies"], found["judged"], found["kl"]) == (4, 3.0, 1.5)
    assert found["variance"] == pytest.approx(10 / 3 - 0.1)
    assert found["judged_low"] < 3.0 < found["judged_high"]


def test_the_final_proxy_is_over_the_last_tenth():
    steps = pd.DataFrame({"step": range(1, 21), "proxy": np.arange(1.0, 21.0)})
    steps = steps.assign(method="vanilla", factor=1.0, policy=0)
    assert final_proxy(steps).tolist() == [19.5]


def test_the_variance_beside_a_line_in_kl():
    """Judged rewards on a line but for +1, -1, -1, +1: four over two degrees of freedom."""
    kl = np.array([0.0, 1.0, 2.0, 3.0])
    judged = 2 * kl + np.array([1.0, -1.0, -1.0, 1.0])
    assert unexplained_variance(judged, np.full(4, 0.5), kl) == pytest.approx(2.0 - 0.5)


@pytest.mark.parametrize(("kl", "aim"), [(2.0, 1.3 / 1.1), (0.5, 1.3 * 1.1)])
def test_the_search_steps_beyond_the_target(kl, aim):
    """Too far from the reference: penalise more. Too near: less. KL goes as beta^-0.8 at first."""
    assert next_beta([Trial(1.0, kl, 0.1)], 1.3, 1.0) == pytest.approx((kl / aim) ** (1 / 0.8))


def test_two_trials_on_one_side_tell_how_steep_the_divergence_is():
    """KL = 1 / beta: from 4 and 2, on to what 1.3 / 1.1 is the divergence of."""
    trials = [Trial(0.25, 4.0, 0.1), Trial(0.5, 2.0, 0.1)]
    assert next_beta(trials, 1.3, 1.0) == pytest.approx(1.1 / 1.3)


# Costs.


def test_costs_add_up_and_settings_are_the_last():
    features = {"what": "features", "seconds": "10", "peak_memory_gb": "2.0", "texts": "9"}
    heads = {
        "what": "ensemble of heads",
        "seconds": "26",
        "attempts": "1",
        "peak_memory_gb": "1.0",
        "batch size": "32",
        "trainable parameters": "640",
    }
    found = costs_here([features, heads])
    assert found["batch size"] == "32"
    assert found["trainable parameters"] == 640
    assert (found["seconds"], found["hours"], found["memory in GB"]) == (36.0, 0.01, 2.0)
    assert "texts" not in found


def test_costs_of_policies_are_by_policy():
    rows = [
        {"what": "p", "seconds": s, "peak_memory_gb": "1", "policies": n, "minibatches skipped": k}
        for s, n, k in (("30", "10", "1"), ("30", "5", "2"))
    ]
    found = costs_here(rows)
    assert (found["policies"], found["minibatches skipped"]) == (15, 3)
    assert found["seconds a policy"] == 4.0
    table, text = cost_table(
        {"vanilla PPO": {"hours a policy": 3.86, "steps": 192}}, {"vanilla PPO": found}
    )
    assert table.set_index("quantity").paper["steps"] == 192
    assert "4.0 seconds a policy (the paper: 3.86 hours)" in text


def test_one_cluster_gives_no_interval():
    rows = figure7().assign(head=0)
    paired = PairedPolicies(rows, "variance_aware", False)
    gain = paired.gain("variance_aware", "reference").quantity
    assert np.isfinite(gain.value)
    assert np.isnan([gain.low, gain.high]).all()


def test_what_divergence_explains_is_taken_off():
    """Judged rewards are 2 KL and a gain of 0.5 for vanilla: at equal KL only that is left."""
    rows = figure7()
    rng = np.random.default_rng(0)
    for method, gain, shift in (("vanilla", 0.5, 0.3), ("variance_aware", 0.0, 0.0)):
        mine = rows.method.eq(method)
        rows.loc[mine, "kl"] = 1.0 + shift + rng.uniform(-0.2, 0.2, mine.sum())
        rows.loc[mine, "judged"] = 2 * rows.kl[mine] + gain
    paired = PairedPolicies(rows, "variance_aware", False)
    assert not paired.is_matched
    assert paired.gain("vanilla", "variance_aware").value > 0.6
    assert paired.gain_at_equal_kl("vanilla", "variance_aware").value == pytest.approx(0.5)
    chosen = policies.at_equal_kl(paired, Estimate(1.1, 0.1, 1), Estimate(0.5, 0.1, 1))
    assert chosen.decisive.value == 0.5
    assert "the latter decides" in chosen.words


def test_beside_the_line_only_the_rest_varies():
    """Heads' own rewards vary with deviations 1 and 0.5; divergences add the same to both."""
    rng = np.random.default_rng(0)
    parts, count = [], 2000
    kl = rng.normal(1.3, 0.5, count)
    for method, deviation in (("reference", 0.0), ("vanilla", 1.0), ("variance_aware", 0.5)):
        judged = 4 * kl + deviation * rng.standard_normal(count)
        parts.append(policy_rows(method, judged, 0.0, kl, heads=count, trials=1))
    paired = PairedPolicies(pd.concat(parts), "variance_aware", False)
    assert paired.ratio_of_variances().quantity.value == pytest.approx(5 / 4.25, rel=0.2)
    assert paired.ratio_beside_kl().quantity.value == pytest.approx(4.0, rel=0.25)


def test_the_same_responses_are_told_of_another_judge():
    """With its columns judged_worse and noise_worse; the ratio is that of its own variances."""
    rows = figure7().assign(judged_worse=lambda table: table.judged, noise_worse=0.0)
    aware = rows.method.eq("variance_aware")
    rows.loc[aware, "judged_worse"] *= 2
    other = PairedPolicies(rows, "variance_aware", False, "_worse")
    assert other.ratio_of_variances().quantity.value == pytest.approx((10 / 3) / (4 * 5 / 12))
    paired = PairedPolicies(rows, "variance_aware", False)
    _, ratio, order = policies.reward_findings(paired, "U13", 0, {"worse": other})
    assert "judged with a dialect worse: 2 [" in ratio.evidence
    assert "judged with a dialect worse:" in order.evidence


def test_degradation_by_hand():
    """One deviation above the reference: 15.9 % if Gaussian, at most a half whatever it is."""
    assert gaussian_share_below(1.0, 4.0, -1.0) == pytest.approx(0.158655, abs=1e-6)
    assert cantelli_bound(1.0, 4.0, -1.0) == 0.5
    assert cantelli_bound(-1.0, 4.0, 1.0) == 1.0


def test_the_papers_two_figures_disagree_on_degradation():
    moments = read_yaml(ROOT / "workflow/printed.yaml")
    found = closed_forms.degradation_finding(
        {f"Figure {n}": moments[f"uncertainty_fig{n}"] for n in (7, 12)}
    )
    values = {name: quantity.value for name, quantity in found.quantities["difference"].items()}
    assert values["Figure 7"] == pytest.approx(0.392 - 0.270, abs=0.002)
    assert values["Figure 12"] == pytest.approx(0.020 - 0.075, abs=0.002)
    assert values["Figure 7, noise taken off"] == pytest.approx(0.382 - 0.267, abs=0.002)
    assert values["Figure 12, noise taken off"] == pytest.approx(0.0 - 0.041, abs=0.002)
    assert "Figure 7: 39.2% variance-aware, 27.0% vanilla" in found.evidence


def test_policies_below_the_reference_are_counted():
    rows = figure7()
    rows.loc[rows.method.eq("variance_aware") & rows.policy.eq(0), "judged"] = -1.0
    trained = rows.method.ne("reference")
    rows.loc[trained, "ensemble"] = [0, 0, 1, 1] * 2
    paired = PairedPolicies(rows, "variance_aware", True)
    found = policies.degradation_finding({"Figure 12": paired})
    assert found.quantities["difference"][""].value == pytest.approx(0.0 - 0.25)
    assert "Figure 12: vanilla 0 of 4, variance_aware 1 of 4" in found.evidence
    none = policies.degradation_finding(
        {"Figure 7": PairedPolicies(figure7(), "variance_aware", True)}
    )
    assert np.isnan(none.quantities["difference"][""].value)
