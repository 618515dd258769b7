"""Transformed rewards: functions, references, standings, coefficients, estimates, claims."""

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, logit
from scipy.stats import norm

from rewardlab.evaluation import standing
from rewardlab.evaluation import transformed as tr
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import crossed
from rewardlab.policies import matched_utilities as matched
from rewardlab.policies.names import REFERENCE
from rewardlab.policies.proxy import EnsembleReward
from rewardlab.policies.transformed_reward import TransformedReward
from rewardlab.rewards.base_rewards import BaseSamples, read_base_samples, write_base_samples
from rewardlab.rewards.references import gaussian_quantile
from rewardlab.rewards.transformations import TRANSFORMATIONS, log_sigmoid_centred
from rewardlab.rewards.utilities import COMBINATIONS, Utility, utilities
from rewardlab.running.errors import UserError
from rewardlab.settings.compose import validate
from rewardlab.settings.policies import MethodSettings
from rewardlab.settings.reference_names import Reference, reference_of
from rewardlab.stages.claims import transforming as claims
from rewardlab.stages.transforming.match_divergences import matched as matched_method
from rewardlab.stages.transforming.tabulate_utility import inversions
from rewardlab.stages.transforming.trace import best_of

ZERO = torch.zeros(())


def test_values_by_hand():
    rewards, reference = torch.tensor([3.0, 1.0]), torch.tensor(1.0)
    found = {name: f(rewards, reference).tolist() for name, f in TRANSFORMATIONS.items()}
    assert found["identity"] == [3, 1]
    assert found["centred"] == [2, 0]
    assert found["log_sigmoid"] == pytest.approx(np.log(expit([3, 1])))
    assert found["lsc"] == pytest.approx(np.log(expit([2, 0])))  # ln sigmoid(0) = -ln 2
    assert found["lsc"][1] == pytest.approx(-np.log(2))


def test_exact_and_with_finite_gradients_far_out():
    rewards = torch.tensor([-1e4, 1e4], requires_grad=True)
    for name, transform in TRANSFORMATIONS.items():
        found = transform(rewards, ZERO)
        (slope,) = torch.autograd.grad(found.sum(), rewards)
        assert torch.isfinite(slope).all(), name
    assert log_sigmoid_centred(rewards, ZERO).tolist() == [-1e4, 0.0]
    (slope,) = torch.autograd.grad(log_sigmoid_centred(rewards, ZERO).sum(), rewards)
    assert slope.tolist() == [1, 0]


@given(arrays(float, 12, elements=st.floats(-30, 30)), st.floats(-5, 5))
def test_every_transformation_keeps_the_order(rewards, reference):
    order = torch.from_numpy(np.sort(rewards))
    for transform in TRANSFORMATIONS.values():
        assert (transform(order, torch.tensor(reference)).diff() >= 0).all()


def test_settings_know_all_transformations_and_combinations():
    fields = MethodSettings.model_fields
    assert set(get_args(fields["transform"].annotation)) == set(TRANSFORMATIONS)
    assert set(get_args(fields["combine"].annotation)) == set(COMBINATIONS)


def test_utilities_of_two_rewards_by_hand():
    rewards, references = [torch.tensor([2.0]), torch.tensor([0.5])], [torch.tensor(1.0), ZERO]
    p, q = expit(1.0), expit(0.5)
    expected = {
        ("lsc", "sum", None): np.log(p * q),
        ("centred", "sum", None): 1.5,
        ("centred", "sum", (2.0, 4.0)): 4.0,
        ("centred", "sigmoid_and", None): logit(p * q),
        ("centred", "minimum", None): 0.5,
    }
    for names, value in expected.items():
        assert utilities(rewards, references, Utility(*names)).item() == pytest.approx(value)
    with pytest.raises(ValueError, match="3 weights for sum of 2 rewards"):
        utilities(rewards, references, Utility("lsc", "sum", (1.0, 1.0, 1.0)))
    for utility, message in (
        (Utility("lsc", "minimum", (1.0, 2.0)), "2 weights for minimum of 2 rewards"),
        (Utility("lsc", "sum", (1.0, -2.0)), "weights have to be above 0, not -2.0"),
    ):
        with pytest.raises(ValueError, match=message):
            utilities(rewards, references, utility)
    with pytest.raises(ValueError, match="1 references for 2 rewards"):
        utilities(rewards, references[:1], Utility())
    with pytest.raises(ValueError, match="'cube' is unknown; expected one of identity"):
        utilities(rewards, references, Utility("cube"))


def test_names_of_references():
    assert reference_of("q85") == Reference("", 0.85)
    assert reference_of("gaussian_q85") == Reference("gaussian_", 0.85)
    assert reference_of("predict_median") == Reference("predict_", 0.5)
    for name in ("q100", "q0", "mean", "predict_refusal", ""):
        with pytest.raises(ValueError, match="is not a reference; expected none, refusal, median"):
            reference_of(name)


def test_the_gaussian_quantile_is_the_means_and_1036_deviations():
    assert gaussian_quantile(np.array([[1.0, 3.0]]), 0.85)[0] == pytest.approx(
        2 + 1.0364 * 2**0.5, 1e-4
    )


def samples(rng, prompts=6, count=40, width=3):
    return BaseSamples(
        tuple(f"prompt {number}" for number in range(prompts)),
        rng.normal(size=(prompts, count, width)).astype(np.float32),
        rng.normal(size=(prompts, width)).astype(np.float32),
        rng.normal(size=(prompts, width)).astype(np.float32),
        rng.normal(size=(prompts, count)).astype(np.float32),
        rng.normal(size=prompts).astype(np.float32),
    )


def test_references_of_samples(tmp_path):
    base = samples(np.random.default_rng(0))
    write_base_samples(base, tmp_path / "samples.safetensors")
    read = read_base_samples(tmp_path / "samples.safetensors")
    assert read.texts == base.texts
    heads = np.random.default_rng(1).normal(size=(2, 3)).astype(np.float32)
    rewards = read.rewards(heads)
    assert rewards == pytest.approx(np.einsum("pnh,kh->kpn", base.features, heads), abs=1e-5)
    assert read.references("q85", heads) == pytest.approx(np.quantile(rewards, 0.85, axis=-1))
    assert read.references("none", heads).tolist() == np.zeros((2, 6)).tolist()
    assert read.references("refusal", heads) == pytest.approx(
        np.einsum("ph,kh->kp", base.refusals, heads), abs=1e-5
    )
    predicted = read.references("predict_median", heads, read)
    assert predicted.shape == (2, 6)
    assert read.gold_references("refusal") == pytest.approx(base.gold_refusals)
    with pytest.raises(UserError, match=r"transforming\.refusal is null"):
        base._replace(refusals=None).references("refusal", heads)


def test_shares_that_are_beaten_count_ties_half():
    base = np.array([[0.0, 1.0, 1.0, 2.0]])
    assert standing.beaten(np.array([[1.0, 3.0, -1.0]]), base).tolist() == [[0.5, 1.0, 0.0]]
    two = np.array([[[1.0]], [[5.0]]])  # a tie with one of (0, 1), and a win against (4, 6)
    others = np.array([[[0.0, 1.0]], [[4.0, 6.0]]])
    assert standing.beaten_on_all(two, others).tolist() == [[(1 + 0) / 2]]
    same = np.array([[[1.0, 1.0]], [[5.0, 5.0]]])
    assert standing.beaten_on_all(same, same).tolist() == [[0.25, 0.25]]  # half times half


def test_standings_of_the_base_itself():
    rng = np.random.default_rng(0)
    rewards = rng.normal(size=(1, 4, 400))
    found = standing.standings(rewards, standing.base_of(rewards), "model", ["helpful"])
    assert found["win_model_all"].mean() == pytest.approx(0.5)
    for percent in standing.LOW:
        assert found[f"below_model_{percent}"].mean() == pytest.approx(percent / 100, abs=0.003)
    twice = np.stack([rewards[0]] * 2)
    both = standing.standings(twice, standing.base_of(twice), "gold", ["a", "b"])
    assert both["reward_gold"] == pytest.approx(2 * rewards[0])
    assert set(both) >= {"win_gold_a", "win_gold_b", "win_gold_all"}


def test_a_coefficient_spends_the_divergence():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 20, 400))
    beta = matched.coefficient_at(values, 0.4)
    assert matched.tilted(values, beta).kl.mean() == pytest.approx(0.4, abs=1e-3)
    assert beta == pytest.approx(
        1 / np.sqrt(0.8), rel=0.15
    )  # Gaussian rewards: KL = 1 / (2 beta^2)
    with pytest.raises(
        UserError, match=r"of 9 nats on 400 samples.* are 5.99 away;.*training_samples"
    ):
        matched.coefficient_at(values, 9.0)


def test_searched_weights_win_most():
    """The second property hardly varies: an equal sum spends nothing on it."""
    rng = np.random.default_rng(0)
    rewards = [rng.normal(size=(2, 30, 64)), 0.2 * rng.normal(size=(2, 30, 64))]
    references = [np.zeros((2, 30))] * 2
    won = np.stack([standing.beaten_on_all(head, head) for head in np.stack(rewards, 1)])
    utility = Utility("centred", "sum")
    weights, best = matched.best_weights(rewards, references, won, utility, 0.5)
    assert weights[1] / weights[0] > 3
    assert np.prod(weights) == pytest.approx(1)
    equal = matched.of_samples(rewards, references, utility)
    policy = matched.tilted(equal, matched.coefficient_at(equal, 0.5))
    assert best > (policy.probabilities * won).sum(-1).mean()
    method = MethodSettings(penalty="vanilla", beta="exact", transform="centred", weights="search")
    found = matched_method(rewards, references, method, [0.2, 0.5], 0.5)
    assert found["weights"] == pytest.approx(weights)
    assert list(found["betas"]) == ["0.2", "0.5"]
    assert found["betas"]["0.2"] > found["betas"]["0.5"]
    json.dumps(found)


@given(st.integers(0, 9))
def test_best_of_k_of_one_reward_is_the_same_for_all_transformations(seed):
    rewards = np.random.default_rng(seed).normal(size=(1, 3, 9)).round(1)
    sizes = np.array([2, 4])
    chosen = [
        best_of(f(torch.from_numpy(rewards[0]), torch.tensor(0.3)).numpy().round(12), sizes)
        for f in TRANSFORMATIONS.values()
    ]
    for other in chosen[1:]:
        assert np.array_equal(chosen[0], other)
    assert chosen[0].sum(-1) == pytest.approx(np.ones((2, 3)))


def test_best_of_two_among_three_by_hand():
    found = best_of(np.array([[0.3, 0.1, 0.2]]), np.array([2]))
    assert found[0, 0] == pytest.approx([2 / 3, 0, 1 / 3])


def test_ties_in_single_precision_are_no_inversions():
    rewards = np.array(
        [[104.0, 110.0, 0.0]]
    )  # ln sigmoid is 0 beyond about 103 in single precision
    turned, tied, pairs = inversions(rewards, np.zeros(1), torch.float32)
    assert (turned, pairs) == (0, 6 * len(TRANSFORMATIONS))
    assert tied == 2 * 2  # of both transformations with a sigmoid, in either direction


class Fixed(EnsembleReward):
    def __init__(self, values):
        self.values = torch.tensor(values)

    heads = property(lambda self: self.values.shape[1])

    def __call__(self, prompts, responses):
        return self.values[: len(responses)]


def test_the_reward_of_a_policy_takes_each_prompts_references():
    properties = {"a": Fixed([[1.0, 2.0], [3.0, 4.0]]), "b": Fixed([[0.0, 0.0], [1.0, 1.0]])}
    references = [torch.tensor([[0.0, 1.0], [10.0, 20.0]]), torch.zeros(2, 2)]
    reward = TransformedReward(properties, ["p", "q"], references, Utility("centred", "sum"))
    assert reward(["q", "p"], ["x", "y"]).tolist() == [[1 - 10, 2 - 20], [3 + 1, 4 - 1 + 1]]
    assert reward.heads == 2
    with pytest.raises(KeyError):
        reward(["r", "p"], ["x", "y"])


def test_an_estimate_over_crossed_units():
    """Rows and columns that differ by known amounts: the variances of both means add up."""
    rows, columns = np.array([0.0, 2.0, 4.0]), np.array([0.0, 1.0])
    found = crossed(np.mean, rows[:, None] + columns)
    assert found.value == pytest.approx(2.5)
    assert found.error**2 == pytest.approx(4 / 3 + 0.5 / 2)  # s^2 / n of either
    assert 1 < found.freedom < 3


def policies(gold, kl=(0.2, 0.5, 1.0, 2.0), draws=4, prompts=6, wins=0.7, spread=0.05, seed=0):
    """A method's table whose gold reward over the base model is gold(kl)."""
    rng = np.random.default_rng(seed)
    rows = []
    for draw in range(draws):
        for factor, divergence in enumerate(kl):
            for prompt in range(prompts):
                win = wins + spread * (prompt - (prompts - 1) / 2)
                row = {"kl": divergence + 0.01 * draw, "win_model_all": win, "win_gold_all": win}
                row |= {"win_model_all_0": win, "win_model_all_1": win}
                row |= {"win_gold_all_0": win, "win_gold_all_1": win}
                row |= {"reward_gold": prompt + gold(divergence) + 0.01 * rng.normal()}
                rows.append(row | {"factor": factor, "ensemble": draw, "prompt_id": prompt})
    return pd.DataFrame(rows)


def experiment(**methods):
    parts = [table.assign(method=name) for name, table in methods.items()]
    base = parts[0][parts[0].factor.eq(0)].assign(method=REFERENCE, factor=0, kl=0.0)
    base["reward_gold"] = base.prompt_id.astype(float)
    base[["win_model_all", "win_gold_all"]] = 0.5
    return pd.concat([base, *parts], ignore_index=True)


def test_values_at_a_divergence_are_interpolated_and_never_extrapolated():
    table = policies(lambda kl: kl)
    found = tr.at_divergence(table, "factor", ["reward_gold"], 1.0)
    assert found.shape == (4, 6, 1)
    assert (found[..., 0] - np.arange(6)).mean() == pytest.approx(1.0, abs=0.05)
    assert np.isnan(tr.at_divergence(table, "factor", ["reward_gold"], 3.0)).all()
    assert np.isnan(tr.at_divergence(table, "factor", ["reward_gold"], 0.1)).all()
    over = tr.over_base(experiment(raw=table), "raw", "factor", "reward_gold")
    assert over[-1, ..., 1].mean() == pytest.approx(2.0, abs=0.05)


def test_unimproved_prompts_and_unevenness():
    one = np.array([[-0.1, 0.0, 0.1, 0.2]])
    assert tr.unimproved(one, one) == 0.5  # without noise, as they are
    noisy = np.array([[0.05, -0.05, 0.1, 0.1]])
    assert tr.unimproved(noisy, noisy[:, [1, 0, 3, 2]]) == 0  # halves share no spread: the mean
    assert np.isnan(tr.unimproved(np.array([[np.nan, 0.1]]), one[:, :2]))
    first, second = np.array([[0.1, 0.3, 0.2]]), np.array([[0.2, 0.4, 0.0]])
    covariance = (-0.1 * 0 + 0.1 * 0.2 + 0 * -0.2) / 2
    assert tr.unevenness(first, second) == pytest.approx(np.sqrt(covariance) / 0.2)


def test_claims_of_policies_that_differ_as_the_paper_says():
    raw = policies(lambda kl: kl - 0.8 * max(kl - 1, 0) ** 1 * 2.5, wins=0.6, spread=0.08)
    lsc = policies(lambda kl: kl, wins=0.75, spread=0.02, seed=1)
    table = experiment(raw=raw, lsc=lsc)
    paths = table.assign(point=table.factor)
    compared = {"one": claims.Compared(table, paths, 1.0)}
    share, uneven = claims.uniform_findings(compared)
    assert share.value.value == pytest.approx(2 / 6)  # raw leaves prompts at 0.40 and 0.48
    assert uneven.value.value == pytest.approx((0.08 / 0.1) / (0.02 / 0.25))
    assert claims.win_finding(compared).value.value == pytest.approx(0.15)
    hacked = claims.hacking_finding({"one": table}, {"one": paths})
    assert hacked.quantities["drop"]["one"].value == pytest.approx(1.0, abs=0.1)
    assert tr.fall(np.array([[[0.0, 2.0, 1.0]], [[0.0, 1.0, 0.5]]])) == pytest.approx(0.75)
    assert hacked.value.low > 0
    weighted = experiment(raw=raw, weighted=policies(lambda kl: kl, wins=0.74), lsc=lsc)
    both = {"both": claims.Compared(weighted, weighted.assign(point=weighted.factor), 1.0)}
    summed = claims.sum_finding(both)
    assert summed.quantities["difference"]["both, over raw"].value == pytest.approx(0.15)
    assert summed.quantities["difference"]["both, over weighted"].value == pytest.approx(0.01)


def test_a_sum_that_no_policy_was_trained_on_is_compared_by_fixed_points():
    raw, lsc = policies(lambda kl: kl, wins=0.6), policies(lambda kl: kl, wins=0.75)
    weighted = policies(lambda kl: kl, wins=0.74)
    paths = experiment(raw=raw, weighted=weighted, lsc=policies(lambda kl: kl, wins=0.77))
    paths = paths.assign(point=paths.factor)
    compared = claims.Compared(experiment(raw=raw, lsc=lsc), paths, 1.0)
    summed = claims.sum_finding({"both": compared})
    found = summed.quantities["difference"]
    assert found["both, over raw"].value == pytest.approx(0.15)  # of trained policies
    assert found["both, over weighted"].value == pytest.approx(0.03)
    assert "over the weighted sum: by fixed points of both" in summed.evidence


def test_a_lost_policy_takes_its_draw_out_of_both_methods():
    raw, lsc = policies(lambda kl: kl), policies(lambda kl: kl)
    lost = lsc[~(lsc.ensemble.eq(2) & lsc.factor.eq(3))]
    table = claims.paired(experiment(raw=raw, lsc=lost))
    assert sorted(table.ensemble.unique()) == [0, 1, 3]
    assert tr.lost(experiment(raw=raw, lsc=lost)) == ["lsc, reward models 2"]
    with pytest.raises(UserError, match="of lsc there is no draw of reward models whose policies"):
        tr.laid_out(lsc[lsc.factor.eq(lsc.ensemble)].assign(method="lsc"), "factor", ["kl"])


def test_a_claim_on_what_is_mitigated_is_decided_where_there_is_any():
    none, some = Quantity(0.0, 0.0, 0.0), Quantity(0.2, 0.1, 0.3)
    differences = {"one": none, "other": some}
    found = claims.where_above_zero(
        {"difference": differences, "drop": {"one": none, "other": some}}
    )
    assert found == {"difference": {"other": some}, "drop": {"other": some}}
    none_at_all = {"difference": differences, "drop": {"one": none, "other": none}}
    assert claims.where_above_zero(none_at_all) == none_at_all


def test_detectable_differences_shrink_with_the_error():
    found = crossed(np.mean, np.random.default_rng(0).normal(size=(8, 40)))
    assert tr.detectable(found) > norm.ppf([0.975, 0.8]).sum() * found.error


CONFIG = Path(__file__).parents[2] / "config.yaml"
MISTAKES = [
    ("methods.raw.beta", 1.0, "policies.methods.raw.beta is 1.0; expected exact in"),
    (
        "experiments.fig7.methods",
        ["reference", "vanilla", "variance_aware", "lsc"],
        "policies.methods.lsc.beta is 'exact'; expected search or a number in",
    ),
    ("methods.vanilla.transform", "lsc", "transforms or combines rewards, but"),
    ("methods.weighted.weights", [1, 2, 3], "has 3 numbers; expected 2 in policies.experiments"),
    ("experiments.lsc-helpful.methods", ["weighted"], "expected several rewards in"),
    ("experiments.lsc-helpful.divergences", None, "divergences is missing"),
    ("experiments.lsc-helpful.ensembles", None, "ensembles is missing"),
    (
        "experiments.lsc-helpful.rewards",
        {"helpful": {"reference": "q0"}},
        "reference is 'q0'; expected none, refusal, median, or a percentile",
    ),
    ("experiments.lsc-helpful.rewards", {"helpful": {}}, "reference"),
    ("methods.lsc.transform", "cube", "'cube'"),
    ("experiments.lsc-helpful.rewards", {"kind": {"reference": "q85"}}, "names 'kind'; expected"),
    ("experiments.lsc-both.traced", [], "whose methods lack weighted"),
    ("experiments.lsc-helpful.methods", ["reference", "raw", "lsc"], "has reference, the base"),
    ("experiments.lsc-helpful.heads", 2, "expected heads: 1 and one policy against each"),
    ("experiments.lsc-helpful.divergences", [1.0], "at least two ensembles and two divergences"),
    ("experiments.lsc-helpful.divergences", [0.5, 5.0], "expected less than ln of"),
    ("experiments.lsc-helpful.kl_factors", [1.0, 2.0], "expected none beside divergences"),
    ("methods.weighted.weights", [1, -2], "expected two numbers or more, all above 0, or search"),
    ("methods.weighted.weights", "serach", "expected two numbers or more, all above 0, or search"),
    ("methods.sigmoid_and.transform", "lsc", "which takes rewards for logits"),
    ("methods.lsc.penalty", "worst_case", "expected penalty: vanilla beside beta: exact"),
    ("experiments.fig7.traced", ["lsc"], "expected nothing, since it has no rewards"),
    ("experiments.lsc-and.like", "lsc-helpful", "expected those of lsc-helpful, which it is like"),
]


@pytest.mark.parametrize(("key", "value", "message"), MISTAKES)
def test_experiments_and_methods_have_to_fit(key, value, message):
    config = yaml.safe_load(CONFIG.read_text())
    *sections, last = key.split(".")
    place = config["policies"]
    for name in sections:
        place = place[name]
    place[last] = value
    with pytest.raises(UserError, match=re.escape(message)):
        validate(config)
