"""Losses, the stopping rule, heads and what ensembles' disagreement is measured by."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from rewardlab.evaluation import ensembles
from rewardlab.evaluation.rewardbench import recomputed, section_of, section_scores, total
from rewardlab.rewards import losses
from rewardlab.rewards.heads import (
    data_orders,
    fit_bootstrap_heads,
    fit_ensemble,
    fit_paper_heads,
)
from rewardlab.rewards.padding import padded_right
from rewardlab.rewards.texts import Reading, encode_and_count, joined, messages, prepare_tokenizer
from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.rewards import (
    BootstrapHeadsSettings,
    EnsembleSettings,
    PaperHeadsSettings,
)
from rewardlab.world.tokenizer import build_tokenizer


def test_bradley_terry_by_hand():
    chosen, rejected = torch.tensor([0.0, 2.0, -1.0]), torch.tensor([0.0, 0.0, 1.0])
    expected = [math.log(2), math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))]
    assert losses.bradley_terry_loss(chosen, rejected).tolist() == pytest.approx(expected)


@given(st.floats(-1e4, 1e4))
def test_bradley_terry_is_finite_with_finite_gradients(gap):
    chosen = torch.tensor(gap, requires_grad=True)
    loss = losses.bradley_terry_loss(chosen, torch.tensor(0.0))
    loss.backward()
    assert loss.isfinite()
    assert chosen.grad.isfinite()


def test_smoothed_by_hand():
    found = losses.smoothed(torch.tensor([4.0, 2.0, 0.0, 2.0]), 2)
    assert found.tolist() == [4.0, 3.0, 1.0, 1.0]


def test_smoothed_by_column():
    column = torch.tensor([1.0, 3.0, 5.0])
    both = torch.stack([column, 10 * column], 1)
    assert losses.smoothed(both, 3)[-1].tolist() == [3.0, 30.0]


@pytest.mark.parametrize(
    ("level", "window", "expected"), [(1.0, 2, 2), (3.0, 2, 1), (0.5, 2, None), (2.0, 4, 3)]
)
def test_stopping_rule_by_hand(level, window, expected):
    """A full window is needed: one low loss at the very beginning stops nothing."""
    assert losses.first_at_or_below(torch.tensor([4.0, 2.0, 0.0, 2.0]), window, level) == expected


def test_a_lucky_first_step_does_not_stop():
    assert losses.first_at_or_below(torch.tensor([0.1, 0.9, 0.9]), 2, 0.2) is None


PAPER = PaperHeadsSettings(
    initial_deviation=0.5,
    learning_rate=0.01,
    weight_decay=0.0,
    batch_size=4,
    epochs=2.0,
    trained_head=False,
    stop_loss=0.0,
)


def differences(count=64, width=3):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, width, generator=generator) + torch.tensor([0.5, 0.0, -0.2])


def test_each_head_sees_every_pair_once_a_pass_in_an_order_of_its_own():
    orders = data_orders(12, 3, PAPER, torch.Generator().manual_seed(0))  # 2 passes in 4s
    assert orders.shape == (3, 6, 4)
    for head in orders:
        for half in head.reshape(2, 12):
            assert sorted(half.tolist()) == list(range(12))
    assert not torch.equal(orders[0], orders[1])


def test_paper_heads_do_not_influence_one_another():
    """Ten heads together are ten heads alone: the same head results whatever is beside it."""
    rows = differences()
    both = fit_paper_heads(rows, 2, PAPER, seed=3)
    generator = torch.Generator().manual_seed(3)
    weights = (torch.randn(2, 3, generator=generator) * 0.5)[0].clone().requires_grad_()
    steps = len(both.losses)
    orders = data_orders(64, 2, PAPER, generator)
    optimiser = torch.optim.AdamW([weights], lr=0.01, weight_decay=0.0)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 0.01 * 0.5 * (1 + math.cos(math.pi * step / steps))
        loss = -torch.nn.functional.logsigmoid(rows[orders[0, step]] @ weights).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert both.weights[0].tolist() == pytest.approx(weights.tolist(), abs=1e-6)


def test_the_trained_head_goes_on_beside_the_others():
    """At a learning rate of next to nothing it stays; what the others are does not change."""
    still = PAPER.model_copy(update={"learning_rate": 1e-9})
    beside = still.model_copy(update={"trained_head": True})
    trained = torch.tensor([3.0, 2.0, 1.0])
    found = fit_paper_heads(differences(), 2, beside, 0, trained).weights
    torch.testing.assert_close(found[0], trained)
    torch.testing.assert_close(found[1], fit_paper_heads(differences(), 2, still, 0).weights[1])
    with pytest.raises(UserError, match="stand on no trained model"):
        fit_paper_heads(differences(), 2, beside, 0)


def test_heads_stop_where_their_loss_has_come_down():
    """From about 0.7, over a window of fifty steps; a level above that stops at the fiftieth."""
    longer = PAPER.model_copy(update={"epochs": 10.0})
    assert len(fit_paper_heads(differences(), 2, longer, 0).losses) == 160
    early = longer.model_copy(update={"stop_loss": 5.0})
    assert len(fit_paper_heads(differences(), 2, early, 0).losses) == 50


def test_bootstrap_heads_are_at_the_minimum_of_their_objectives():
    rows = differences(40)
    settings = BootstrapHeadsSettings(prior_deviation=0.7)
    heads = fit_bootstrap_heads(rows, 3, settings, seed=1)
    rng = np.random.default_rng(1)
    prior = rng.normal(0, 0.7, (3, 3))
    counts = rng.multinomial(40, np.full(40, 1 / 40), size=3)
    data = rows.double().numpy()
    for head in range(3):

        def objective(w, head=head):
            loss = (counts[head] * np.logaddexp(0, -data @ w)).sum()
            return loss + ((w - prior[head]) ** 2).sum() / (2 * 0.7**2)

        alone = minimize(objective, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-8})
        assert heads.weights[head].tolist() == pytest.approx(alone.x.tolist(), abs=1e-4)


def test_bootstrap_heads_agree_where_there_are_data_and_keep_their_prior_where_there_are_none():
    rows = differences(4000)
    rows[:, 1] = 0.0  # a direction that no pair covers
    heads = fit_bootstrap_heads(rows, 10, BootstrapHeadsSettings(prior_deviation=0.7), seed=0)
    spread = heads.weights.std(0)
    assert spread[1] > 5 * spread[0]
    assert 0.4 < spread[1] < 1.1


def test_head_variances_by_hand():
    rewards = np.array([[1.0, 3.0], [2.0, 2.0]])
    assert ensembles.head_variances(rewards).tolist() == [2.0, 0.0]
    assert ensembles.centred(rewards).tolist() == [[-0.5, 0.5], [0.5, -0.5]]


def test_translations_of_one_head_have_no_centred_variance_and_no_variance_of_differences():
    one = np.random.default_rng(0).normal(size=(50, 1))
    rewards = one + np.array([[0.0, 5.0, -2.0]])
    assert ensembles.head_variances(rewards).min() > 1
    assert ensembles.head_variances(ensembles.centred(rewards)) == pytest.approx(np.zeros(50))
    assert ensembles.head_variances(rewards[:25] - rewards[25:]) == pytest.approx(np.zeros(25))


def test_accuracies_count_a_tie_as_wrong():
    chosen, rejected = np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    assert ensembles.accuracies(chosen, rejected).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("heads", [3, 5, 10])
def test_independent_gaussian_heads_have_the_kurtosis_of_the_closed_form(heads):
    rewards = np.random.default_rng(0).standard_normal((40_000, heads))
    deviates = ensembles.standard_deviates(rewards)
    assert ensembles.kurtosis(deviates) == pytest.approx(
        ensembles.gaussian_kurtosis(heads), rel=0.01
    )


def test_correlation_of_deviates():
    deviates = ensembles.standard_deviates(np.array([[0.0, 1.0, 2.0], [5.0, 3.0, 1.0]]))
    pairs = np.array([[0, 0], [0, 1]])
    assert ensembles.mean_absolute_correlation(deviates, pairs) == pytest.approx([1.0, 1.0])


def test_rewardbench_sections_by_hand():
    scores = section_scores({"hep-go": 1.0, "math-prm": 0.5, "alpacaeval-easy": 0.9, "shp": 0.6})
    assert scores["Reasoning"] == pytest.approx((164 * 1.0 + 984 * 0.5) / (164 + 984))
    assert scores["Chat"] == pytest.approx(0.9)
    assert scores["Prior Sets"] == pytest.approx(0.6)
    expected = (2 * scores["Reasoning"] + 2 * 0.9 + 0.6) / 5
    assert total(scores) == pytest.approx(expected)
    assert section_of("llmbar-natural") == "Chat Hard"
    assert section_of("my own set") == "my own set"


def test_the_papers_averages_follow_from_its_sections():
    columns = ["average", "Chat", "Chat Hard", "Safety", "Reasoning", "Prior Sets"]
    table = recomputed({"the paper's": [69.4, 95.6, 44.5, 55.9, 81.8, 69.0]}, columns)
    assert table.recomputed[0] == pytest.approx(69.40, abs=0.005)


def test_texts():
    assert joined("how ?", "so .") == "how ? so ."
    assert joined("", "so .") == "so ."
    dialogue = "\n\nHuman: hi\n\nAssistant: hello\n\nHuman: why?\n\nAssistant:"
    turns = [(turn["role"], turn["content"]) for turn in messages(dialogue, "because")]
    assert turns == [
        ("user", "hi"),
        ("assistant", "hello"),
        ("user", "why?"),
        ("assistant", "because"),
    ]
    assert messages("plain", "answer")[0] == {"role": "user", "content": "plain"}


@pytest.mark.parametrize(
    ("limit", "lengths", "cut"), [(4, [4, 2], 1), (5, [5, 2], 1), (6, [6, 2], 0)]
)
def test_how_much_of_the_texts_is_read_is_counted(limit, lengths, cut):
    """The first is six tokens long, with the end token that is added."""
    tokenizer = prepare_tokenizer(build_tokenizer())
    rows, reading = encode_and_count(tokenizer, ["what is ?", "?"], ["Wombats !", " "], limit)
    assert [len(row) for row in rows] == lengths
    unknown = sum(row.count(tokenizer.unk_token_id) for row in rows)
    assert reading == Reading(texts=2, empty=1, cut=cut, tokens=sum(lengths), unknown=unknown)
    assert unknown > 0


@pytest.mark.parametrize(
    ("reading", "lost"),
    [
        (Reading(4, 0, cut=2, tokens=10, unknown=0), False),
        (Reading(4, 0, cut=3, tokens=10, unknown=0), True),
        (Reading(4, 0, cut=0, tokens=10, unknown=5), False),
        (Reading(4, 0, cut=0, tokens=10, unknown=6), True),
    ],
)
def test_more_than_half_is_most(reading, lost):
    assert reading.is_mostly_lost is lost


def test_an_ensemble_draws_its_pairs():
    """Pairs of its own, without replacement: the same rows are not there twice."""
    torch.manual_seed(0)
    differences = torch.randn(40, 3)
    kinds = PAPER.model_copy(update={"epochs": 1.0})
    bootstrap = BootstrapHeadsSettings(prior_deviation=0.5)
    settings = EnsembleSettings(heads=2, kind="bootstrap", paper=kinds, bootstrap=bootstrap)
    few = settings.model_copy(update={"pairs": 10})
    first, same, other = (fit_ensemble(differences, few, seed).weights for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    rows = np.random.default_rng(derive_seed(0, "pairs")).permutation(40)[:10]
    assert len(set(rows)) == 10
    assert torch.equal(first, fit_ensemble(differences[rows], settings, 0).weights)
    with pytest.raises(UserError, match="is to draw 41 pairs, but there are 40"):
        fit_ensemble(differences, settings.model_copy(update={"pairs": 41}), 0)


def test_rows_are_filled_up_on_the_right():
    tokens, mask = padded_right([[5, 6, 7], [8]], 0)
    assert tokens.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
