"""PPO's pieces by hand, penalties, and the actor."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig

from rewardlab.policies.actor import Actor, Prompts, padded_left
from rewardlab.policies.penalties import PENALTIES, needs_head, parameters_of, penalised_reward
from rewardlab.policies.ppo import (
    advantages_and_returns,
    masked_mean,
    penalised_rewards,
    ppo_losses,
    sequence_kl,
    whitened,
)
from rewardlab.policies.ppo_training import NotFinite, minibatches, ppo_step
from rewardlab.settings.ppo import TRL_DEFAULTS, PPOSettings

MASK = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])


def test_penalised_rewards_by_hand():
    """The score stands on the last token; each token pays its own log ratio."""
    logprobs = torch.tensor([[-1.0, -2.0, -3.0], [-0.5, 9.0, 9.0]])
    reference = torch.tensor([[-1.5, -2.0, -2.0], [-1.5, -7.0, -7.0]])
    coefficients = torch.tensor([0.2, 2.0])
    found = penalised_rewards(torch.tensor([5.0, 7.0]), logprobs, reference, coefficients, MASK)
    expected = torch.tensor([[-0.1, 0.0, 5.2], [5.0, 0.0, 0.0]])
    torch.testing.assert_close(found, expected)
    assert sequence_kl(logprobs, reference, MASK).tolist() == pytest.approx([-0.5, 1.0])


def test_advantages_by_hand():
    """Two tokens, gamma 1, lambda 1/2: A1 = d1 + A2/2 with d1 = V2 - V1, A2 = r - V2."""
    values, rewards = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 5.0]])
    mask = torch.ones(1, 2)
    advantages, returns = advantages_and_returns(values, rewards, mask, 1.0, 0.5)
    raw = torch.tensor([[1.0 + 0.5 * 3.0, 3.0]])
    torch.testing.assert_close(returns, raw + values)
    torch.testing.assert_close(advantages, whitened(raw, mask))


def test_what_stands_behind_the_end_does_not_matter():
    values = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    rewards = torch.randn(2, 3, generator=torch.Generator().manual_seed(1))
    other_values, other_rewards = values.clone(), rewards.clone()
    other_values[1, 1:], other_rewards[1, 1:] = 99.0, -99.0
    first = advantages_and_returns(values, rewards, MASK, 1.0, 0.95)
    second = advantages_and_returns(other_values, other_rewards, MASK, 1.0, 0.95)
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a * MASK, b * MASK)


def test_whitened_has_mean_0_and_unbiased_variance_1():
    values = torch.tensor([[1.0, 2.0, 6.0], [3.0, 50.0, 60.0]])
    found = whitened(values, MASK)[MASK.bool()]
    assert found.mean().item() == pytest.approx(0.0, abs=1e-6)
    assert found.var().item() == pytest.approx(1.0, abs=1e-6)


def test_losses_by_hand():
    """One token, ratio 1.5, clip 0.2: gains are clipped, losses are not."""
    one = torch.ones(1, 1)
    logprobs, old = torch.full((1, 1), math.log(1.5)), torch.zeros(1, 1)
    arguments = {"values": 3.0 * one, "old_values": one, "returns": 2.0 * one, "mask": one}

    def policy_loss(advantage: float) -> float:
        losses = ppo_losses(
            logprobs,
            arguments["values"],
            old,
            arguments["old_values"],
            advantage * one,
            arguments["returns"],
            arguments["mask"],
            0.2,
            0.5,
        )
        # (3 - 2)^2 against the clipped (1.5 - 2)^2: the larger, halved.
        assert losses.value.item() == pytest.approx(0.5)
        assert losses.ratio.item() == pytest.approx(1.5)
        return losses.policy.item()

    assert policy_loss(1.0) == pytest.approx(-1.2)
    assert policy_loss(-1.0) == pytest.approx(1.5)


def test_masked_mean_by_hand():
    assert masked_mean(torch.tensor([[1.0, 2.0, 3.0], [6.0, 9.0, 9.0]]), MASK).item() == 3.0


REWARDS = torch.tensor([[1.0, 3.0, 5.0], [2.0, 2.0, 2.0]])


@pytest.mark.parametrize(
    ("penalty", "parameters", "scores", "weights"),
    [
        ("vanilla", {}, [3.0, 2.0], [1.0, 1.0]),
        ("variance_aware", {"exponent": 1.0}, [3.0, 2.0], [2.0, 0.0]),
        ("variance_aware", {"exponent": 2.0}, [3.0, 2.0], [4.0, 0.0]),
        ("lower_bound", {"deviations": 0.5}, [2.0, 2.0], [1.0, 1.0]),
        ("ensemble_mean", {}, [3.0, 2.0], [1.0, 1.0]),
        ("worst_case", {}, [1.0, 2.0], [1.0, 1.0]),
        ("uncertainty_weighted", {"weight": 0.5}, [1.0, 2.0], [1.0, 1.0]),
    ],
)
def test_penalties_by_hand(penalty, parameters, scores, weights):
    """Head 1 of three whose deviations are 2 and 0."""
    found = penalised_reward(penalty, REWARDS, 1, parameters)
    assert found.scores.tolist() == pytest.approx(scores)
    assert found.weights.tolist() == pytest.approx(weights)


def test_a_penalty_without_its_head_is_refused():
    with pytest.raises(ValueError, match="needs a head"):
        penalised_reward("variance_aware", REWARDS, None, {"exponent": 1.0})
    with pytest.raises(ValueError, match="they are vanilla"):
        penalised_reward("vanila", REWARDS, 0, {})


def test_what_a_penalty_takes_is_read_off_its_function():
    assert needs_head("lower_bound")
    assert not needs_head("worst_case")
    assert parameters_of("lower_bound") == ["deviations"]
    assert parameters_of("vanilla") == []


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), st.floats(-100, 100))
def test_a_constant_in_all_heads_moves_scores_alone(values, shift):
    rewards = torch.tensor(values, dtype=torch.float64).reshape(2, 3)
    for penalty in PENALTIES:
        parameters = dict.fromkeys(parameters_of(penalty), 0.5)
        first, second = (
            penalised_reward(penalty, part, 0, parameters) for part in (rewards, rewards + shift)
        )
        torch.testing.assert_close(second.scores, first.scores + shift)
        torch.testing.assert_close(second.weights, first.weights, atol=1e-6, rtol=1e-6)


CONFIGS = {
    "GPT-2": GPT2Config(vocab_size=11, n_positions=16, n_embd=8, n_layer=2, n_head=2),
    "Llama": LlamaConfig(
        vocab_size=11,
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
    ),
}
PAD, END = 0, 1


@pytest.fixture(params=CONFIGS)
def actor(request) -> Actor:
    torch.manual_seed(0)
    config = CONFIGS[request.param]
    config.initializer_range, config.bos_token_id, config.eos_token_id = 0.5, END, END
    config.pad_token_id = PAD
    return Actor(AutoModelForCausalLM.from_config(config), END, PAD)


def rollout_of(actor, rows, length=5, seed=0):
    prompts = padded_left(rows, PAD)
    return prompts, actor.sample(prompts, length, torch.Generator().manual_seed(seed))


def test_padding_on_the_left():
    prompts = padded_left([[5, 6], [7]], PAD)
    assert prompts.tokens.tolist() == [[5, 6], [PAD, 7]]
    assert prompts.mask.tolist() == [[1, 1], [0, 1]]


def test_what_sampling_computed_is_what_a_forward_pass_gives(actor):
    prompts, rollout = rollout_of(actor, [[2, 3, 4], [5], [6, 7]] * 4)
    with torch.no_grad():
        logprobs, values = actor(prompts, rollout.tokens, rollout.mask)
    torch.testing.assert_close(rollout.logprobs, logprobs * rollout.mask, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(rollout.values, values * rollout.mask, atol=1e-5, rtol=1e-4)


def test_a_prompt_gives_the_same_alone_and_beside_longer_ones(actor):
    prompts, rollout = rollout_of(actor, [[2, 3, 4], [5]])
    alone = padded_left([[5]], PAD)
    with torch.no_grad():
        together, _ = actor(prompts, rollout.tokens, rollout.mask)
        single, _ = actor(alone, rollout.tokens[1:], rollout.mask[1:])
    kept = rollout.mask[1].bool()
    torch.testing.assert_close(together[1][kept], single[0][kept], atol=1e-5, rtol=1e-4)


def test_responses_end_at_the_end_token(actor):
    _, rollout = rollout_of(actor, [[2, 3]] * 200)
    for tokens, mask in zip(rollout.tokens.tolist(), rollout.mask.tolist(), strict=True):
        length = sum(mask)
        assert mask == [1] * length + [0] * (len(mask) - length)
        assert END not in tokens[: length - 1]
        assert tokens[length:] == [PAD] * (len(mask) - length)
        assert length == len(mask) or tokens[length - 1] == END


def test_tokens_come_as_often_as_the_model_says(actor):
    prompts, rollout = rollout_of(actor, [[2, 3]] * 20_000, length=1)
    exact = actor.next_tokens(
        Prompts(prompts.tokens[:1], prompts.mask[:1]), rollout.tokens[:1], rollout.mask[:1]
    )[0, 0].exp()
    drawn = torch.bincount(rollout.tokens[:, 0], minlength=11) / 20_000
    assert (exact - drawn).abs().sum().item() / 2 < 0.02


SETTINGS = PPOSettings(
    **{**TRL_DEFAULTS, "epochs": 2},
    steps=1,
    batch_size=6,
    minibatch_size=3,
    learning_rate=1e-2,
    averaged=0.0,
    sampling_dropout=False,
    response_tokens=4,
)


def step_of(actor, proxy, beta=0.1, settings=SETTINGS, kind=torch.optim.Adam):
    reference = Actor(actor.model.__class__(actor.model.config), END, PAD).requires_grad_(False)
    reference.load_state_dict(actor.state_dict())
    optimiser = kind(actor.parameters(), lr=settings.learning_rate)
    prompts = padded_left([[2, 3], [4], [5, 6, 7]] * 2, PAD)
    generator = torch.Generator().manual_seed(0)
    return ppo_step(actor, optimiser, reference, prompts, proxy, beta, settings, generator)


def test_a_step_from_the_reference_has_no_divergence_and_moves_the_policy(actor):
    before = {name: value.clone() for name, value in actor.state_dict().items()}
    rewards = torch.arange(6.0)[:, None].repeat(1, 2)
    step = step_of(actor, lambda prompts, rollout: penalised_reward("vanilla", rewards, 0, {}))
    assert step.kl == pytest.approx(0.0, abs=1e-5)
    assert step.proxy == pytest.approx(2.5)
    assert step.skipped == 0
    assert any(not value.equal(before[name]) for name, value in actor.state_dict().items())


def test_a_reward_that_is_not_finite_stops_the_step(actor):
    rewards = torch.full((6, 2), float("nan"))
    with pytest.raises(NotFinite, match="a reward is not finite"):
        step_of(actor, lambda prompts, rollout: penalised_reward("vanilla", rewards, 0, {}))


def rewarded(prompts, rollout):
    return penalised_reward("vanilla", torch.arange(6.0)[:, None].repeat(1, 2), 0, {})


def test_a_minibatch_in_parts_gives_the_same_step(actor):
    """Responses differ in length: parts count by their tokens, not alike. (Adam would blow up the
    last digits of gradients that are 0.)
    """
    in_parts = copy.deepcopy(actor)
    whole = SETTINGS.model_copy(update={"minibatch_size": 6, "accumulation": 1})
    before = {name: value.clone() for name, value in actor.state_dict().items()}
    step_of(actor, rewarded, settings=whole, kind=torch.optim.SGD)
    parts = whole.model_copy(update={"accumulation": 3})
    step_of(in_parts, rewarded, settings=parts, kind=torch.optim.SGD)
    for name, value in actor.state_dict().items():
        moved = value - before[name]
        torch.testing.assert_close(
            in_parts.state_dict()[name] - before[name], moved, atol=1e-6, rtol=1e-3
        )
    assert any(
        (value - before[name]).abs().max() > 1e-3 for name, value in actor.state_dict().items()
    )


def test_a_skipped_minibatch_in_parts_counts_once(actor):
    before = {name: value.clone() for name, value in actor.state_dict().items()}
    skipping = SETTINGS.model_copy(update={"accumulation": 3, "ratio_threshold": 0.0})
    assert step_of(actor, rewarded, settings=skipping).skipped == 4
    for name, value in actor.state_dict().items():
        assert value.equal(before[name])


def test_activations_that_are_computed_again_give_the_same_step(actor, monkeypatch):
    calls = []
    inner = torch.utils.checkpoint.checkpoint
    monkeypatch.setattr(
        "transformers.modeling_utils.checkpoint",
        lambda *args, **options: calls.append(1) or inner(*args, **options),
    )
    again = Actor(copy.deepcopy(actor.model), END, PAD, recompute=True)
    again.load_state_dict(actor.state_dict())
    before = {name: value.clone() for name, value in actor.state_dict().items()}
    step_of(actor, rewarded, kind=torch.optim.SGD)
    step_of(again, rewarded, kind=torch.optim.SGD)
    assert len(calls) >= 4 * len([m for m in again.modules() if "Attention" in type(m).__name__])
    assert not any(module.training for module in again.model.modules())
    for name, value in actor.state_dict().items():
        moved = again.state_dict()[name] - before[name]
        torch.testing.assert_close(moved, value - before[name], atol=1e-6, rtol=1e-3)


def test_accumulation_has_to_divide_the_minibatch():
    with pytest.raises(ValidationError, match="accumulation that divides minibatch_size"):
        PPOSettings(**SETTINGS.model_dump() | {"accumulation": 2})


def test_orders_are_drawn_where_the_generator_is(monkeypatch):
    """A generator of a graphics card draws nothing on the CPU."""
    asked = []
    inner = torch.randperm
    monkeypatch.setattr(
        torch, "randperm", lambda *a, **k: asked.append(k["device"]) or inner(*a, **k)
    )
    generator = torch.Generator().manual_seed(0)
    list(minibatches(SETTINGS, generator))
    assert asked == [generator.device] * SETTINGS.epochs


def test_in_half_precision_logits_are_not_rounded(actor):
    """Where logits are large, as GPT-2's, a rounded one is off by as much as a ratio moves."""
    coarse = copy.deepcopy(actor)
    coarse.mixed = True
    with torch.no_grad():
        hidden = 30 * torch.randn(5, coarse.value.in_features)
        exact = coarse.model.get_output_embeddings()(hidden)
        logits, _ = coarse._said_of(hidden)
    assert logits.abs().max() > 10
    torch.testing.assert_close(logits, exact)


def test_in_half_precision_passes_are_coarse_and_what_is_kept_is_not(actor):
    prompts, rollout = rollout_of(actor, [[2, 3, 4], [5], [6, 7]] * 4)
    coarse = copy.deepcopy(actor)
    coarse.mixed = True
    with torch.no_grad():
        fine, _ = actor(prompts, rollout.tokens, rollout.mask)
        logprobs, values = coarse(prompts, rollout.tokens, rollout.mask)
        drawn = coarse.sample(prompts, 5, torch.Generator().manual_seed(0))
    assert logprobs.dtype == values.dtype == drawn.logprobs.dtype == torch.float32
    assert 0 < (logprobs - fine).abs().max() < 0.1
    assert all(
        value.dtype == torch.float32
        for value in coarse.state_dict().values()
        if value.is_floating_point()
    )
    assert step_of(coarse, rewarded, settings=SETTINGS).kl == pytest.approx(0, abs=0.05)


def test_each_epoch_sees_every_row_once():
    rows = torch.stack(list(minibatches(SETTINGS, torch.Generator().manual_seed(0))))
    assert rows.shape == (4, 3)
    for epoch in rows.reshape(2, 6):
        assert sorted(epoch.tolist()) == list(range(6))


def test_a_minibatch_has_to_divide_the_batch():
    with pytest.raises(ValueError, match="4 does not divide 6"):
        PPOSettings(**{**SETTINGS.model_dump(), "minibatch_size": 4})
