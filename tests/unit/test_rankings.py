"""Losses of rankings, what annotators say, and how rankings are read."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rewardlab.data.preferences import read_comparisons, renamed
from rewardlab.data.rankings import Ranking, as_pairs, as_rankings
from rewardlab.evaluation.heldout import held_out
from rewardlab.rewards.losses import bradley_terry_loss, comparisons_loss, plackett_luce_loss
from rewardlab.rewards.training import RankingCollator
from rewardlab.running.errors import UserError
from rewardlab.stages.claims.book import as_meant, as_printed, forms_finding, two_finding
from rewardlab.world.annotators import annotate

ALL = torch.ones(1, 3, dtype=torch.bool)


def test_margin_by_hand():
    # -ln sigmoid(2 - 1 - 3) = ln(1 + e^2)
    loss = bradley_terry_loss(torch.tensor(2.0), torch.tensor(1.0), 3.0)
    assert loss == pytest.approx(math.log(1 + math.e**2))
    assert bradley_terry_loss(torch.tensor(2.0), torch.tensor(1.0)) == pytest.approx(
        math.log(1 + math.exp(-1))
    )


def test_comparisons_by_hand():
    ranked = torch.tensor([[2.0, 1.0, 0.0]])
    by_hand = (2 * math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))) / 3
    assert comparisons_loss(ranked, ALL).item() == pytest.approx(by_hand)


def test_plackett_luce_by_hand():
    # P = e^2 / (e^2 + e + 1) * e / (e + 1)
    ranked = torch.tensor([[2.0, 1.0, 0.0]])
    share = math.e**2 / (math.e**2 + math.e + 1) * math.e / (math.e + 1)
    assert plackett_luce_loss(ranked, ALL).item() == pytest.approx(-math.log(share))


@pytest.mark.parametrize("loss", [comparisons_loss, plackett_luce_loss])
def test_places_that_are_not_there_count_for_nothing(loss):
    ranked = torch.tensor([[0.3, -1.2, 99.0], [0.5, 0.1, -0.7]], requires_grad=True)
    present = torch.tensor([[True, True, False], [True, True, True]])
    found = loss(ranked, present)
    alone = loss(torch.tensor([[0.3, -1.2]]), torch.ones(1, 2, dtype=torch.bool))
    assert found[0].item() == pytest.approx(alone.item())
    found.sum().backward()
    assert ranked.grad[0, 2] == 0
    assert ranked.grad.isfinite().all()


@pytest.mark.parametrize("loss", [comparisons_loss, plackett_luce_loss])
@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=2), st.floats(-1e4, 1e4))
def test_two_responses_are_bradley_and_terrys(loss, rewards, shift):
    ranked = torch.tensor([rewards], dtype=torch.float64)
    pair = bradley_terry_loss(*ranked[0])
    assert loss(ranked, ALL[:, :2]).item() == pytest.approx(pair.item(), abs=1e-9)
    moved = loss(ranked + shift, ALL[:, :2]).item()
    assert moved == pytest.approx(pair.item(), abs=1e-6)


def test_the_printed_form_has_no_value_where_the_meant_one_agrees():
    assert np.isnan(as_printed(np.array(2.0), np.array(0.0)))
    assert as_meant(2.0, 0.0) == pytest.approx(math.log(1 + math.exp(-2)))
    # Where it has one: r_w = 0, r_l = 2 gives ln(e^2), not ln(1 + e^2).
    assert as_printed(np.array(0.0), np.array(2.0)) == pytest.approx(2.0)
    forms = forms_finding().quantities
    assert forms["difference of the printed form"]["largest"].value > 0.1
    assert forms["difference of the meant form"]["largest"].value < 1e-12
    assert two_finding().value.value < 1e-12


def test_rankings_are_their_pairs_and_back():
    rankings = [Ranking("p", ("a", "b", "c")), Ranking("q", ("d", "e"))]
    pairs = as_pairs(rankings, first=7)
    assert pairs[["chosen", "rejected"]].agg("".join, axis=1).tolist() == ["ab", "ac", "bc", "de"]
    assert pairs.ranking.tolist() == [7, 7, 7, 8]
    assert as_rankings(pairs) == rankings
    plain = pd.DataFrame({"prompt": ["p"], "chosen": ["a"], "rejected": ["b"]})
    assert as_rankings(plain) == [Ranking("p", ("a", "b"))]
    mixed = pd.concat([plain, pairs.astype({"ranking": "Int64"})], ignore_index=True)
    assert as_rankings(mixed) == [Ranking("p", ("a", "b")), *rankings]


def rows(*fields):
    return [(f"data.jsonl, line {number}", row) for number, row in enumerate(fields, start=1)]


def test_rankings_and_margins_of_ones_own():
    given = rows(
        {"question": "p", "answers": ["b", "a", "c"], "order": [2, 1, 3]},
        {"question": "q", "answers": '["x", "y"]', "order": "[1, 2]"},
    )
    columns = {"prompt": "question", "responses": "answers", "ranks": "order"}
    read = read_comparisons(renamed(given, columns))
    assert read.rankings == [Ranking("p", ("a", "b", "c")), Ranking("q", ("x", "y"))]
    read = read_comparisons(rows({"prompt": "p", "chosen": "a", "rejected": "b", "margin": "0.5"}))
    assert read.pairs[0].chosen == "a"
    assert read.margins == [0.5]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"responses": ["a", "b"], "ranks": [1, 1]}, "line 1: the rank 1 stands there twice"),
        ({"responses": ["a", "b"], "ranks": [1, 2, 3]}, "3 ranks for 2 responses"),
        ({"responses": ["a", "b"], "ranks": None}, "ranks: expected a list of numbers"),
        ({"responses": ["a", "b"], "ranks": [1, 3]}, "the ranks are 1, 3; expected 1 to 2, 1 for"),
        ({"responses": ["a", "b"], "ranks": [-1, 0.5]}, "the ranks are -1, 0.5; expected 1 to 2"),
        ({"responses": ["a"]}, "1 responses; expected two or more"),
        ({"responses": ["a", 3]}, "responses: expected a list of texts"),
        ({"responses": "a, b"}, "responses: expected a list of texts"),
        (
            {"responses": ["a", "b"], "ranks": ["best", "worst"]},
            "ranks: expected a list of numbers",
        ),
        (
            {"chosen": "a", "rejected": "b", "margin": -1},
            "the margin is -1; expected a number from",
        ),
        ({"chosen": "a", "rejected": "b", "margin": True}, "the margin is True; expected a number"),
        ({"chosen": "a", "rejected": "b", "margin": "much"}, "the margin is 'much'"),
    ],
)
def test_what_is_wrong_with_a_ranking_or_a_margin(fields, said):
    with pytest.raises(UserError, match=said):
        read_comparisons(rows({"prompt": "p", **fields}))


def test_a_column_that_is_not_there():
    with pytest.raises(
        UserError, match="line 1 has no field 'order', which columns names for ranks"
    ):
        list(renamed(rows({"prompt": "p", "responses": ["a", "b"]}), {"ranks": "order"}))


def responses(prompts=40, each=12):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"prompt": np.repeat([f"p{n}" for n in range(prompts)], each)})
    table["response"] = [f"r{n}" for n in range(len(table))]
    return table.assign(gold=rng.normal(size=len(table)))


def test_annotators_follow_plackett_and_luce():
    """Over many draws, the share of rankings that begin with each response is its softmax."""
    table = pd.DataFrame({"prompt": "p", "response": list("abc"), "gold": [1.0, 0.0, -1.0]})
    first = [
        annotate(table, 1, 3, np.random.default_rng(seed)).rankings[0].responses[0]
        for seed in range(3000)
    ]
    weights = np.exp([1.0, 0.0, -1.0])
    for name, weight in zip("abc", weights / weights.sum(), strict=True):
        assert first.count(name) / 3000 == pytest.approx(weight, abs=0.03)


def test_annotations_take_every_prompt_before_any_twice():
    found = annotate(responses(), 60, 4, np.random.default_rng(1))
    prompts = [ranking.prompt for ranking in found.rankings]
    assert len(set(prompts[:40])) == 40
    assert len(set(prompts[40:])) == 20
    texts = [text for ranking in found.rankings for text in ranking.responses]
    assert len(texts) == len(set(texts))
    assert (np.diff(found.utilities, axis=1) < 0).all()
    with pytest.raises(UserError, match="480 responses are too few for 200 rankings of 4"):
        annotate(responses(), 200, 4, np.random.default_rng(1))


def test_margins_grow_with_the_difference_that_decides_the_pair():
    found = annotate(responses(), 60, 4, np.random.default_rng(1))
    pairs = found.pairs((0.0, 1.0, 2.0, 3.0))
    assert pairs.margin.value_counts().to_dict() == dict.fromkeys((0.0, 1.0, 2.0, 3.0), 90)
    strength = [
        found.utilities[row.ranking, row.chosen_place]
        - found.utilities[row.ranking, row.rejected_place]
        for row in pairs.itertuples()
    ]
    by_margin = pd.Series(strength).groupby(pairs.margin.to_numpy())
    assert (by_margin.min().to_numpy()[1:] >= by_margin.max().to_numpy()[:-1]).all()


def test_held_out_by_hand():
    gold = np.array([[math.log(3), 0.0]])  # the first is preferred in three of four
    right = held_out(gold, gold)
    assert right.accuracy == pytest.approx(0.75)
    assert right.loss == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert right.slope == pytest.approx(1.0)
    assert held_out(2 * gold, gold).slope == pytest.approx(0.5)
    assert held_out(-gold, gold).accuracy == pytest.approx(0.25)
    assert held_out(0 * gold + 1e-9 * gold, gold).loss == pytest.approx(math.log(2))


def test_rankings_side_by_side():
    batch = RankingCollator(0)([{"rows": [[1, 2], [3]]}, {"rows": [[4], [5, 6, 7], [8]]}])
    assert batch["input_ids"].tolist() == [[1, 2, 0], [3, 0, 0], [4, 0, 0], [5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].sum(1).tolist() == [2, 1, 1, 3, 1]
    assert batch["present"].tolist() == [[True, True, False], [True, True, True]]
