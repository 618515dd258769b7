"""Our PPO step against TRL 0.11.4's, number by number, as record_trl.py recorded it."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

from rewardlab.policies.actor import Actor, Rollout, padded_left
from rewardlab.policies.ppo import (
    advantages_and_returns,
    penalised_rewards,
    ppo_losses,
    sequence_kl,
)
from rewardlab.policies.ppo_training import update
from rewardlab.settings.ppo import PPOSettings

RECORDED = Path(__file__).parent / "recorded"
PAD, END = 0, 1
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


class Recorded:
    """One recorded case, and our own objects with its weights and its batch."""

    def __init__(self, name: str) -> None:
        self.tensors = load_file(RECORDED / f"{name}.safetensors")
        self.text = json.loads((RECORDED / f"{name}.json").read_text())
        given = self.text["settings"]
        self.beta = given["init_kl_coef"]
        self.settings = PPOSettings(
            steps=1,
            batch_size=len(self.text["queries"]),
            minibatch_size=given["mini_batch_size"],
            epochs=given["ppo_epochs"],
            learning_rate=given["learning_rate"],
            gamma=given["gamma"],
            gae_lambda=given["lam"],
            clip_range=given["cliprange"],
            clip_range_value=given["cliprange_value"],
            vf_coef=given["vf_coef"],
            ratio_threshold=given["ratio_threshold"],
            averaged=0.0,
            sampling_dropout=False,
            response_tokens=max(map(len, self.text["responses"])),
        )
        self.prompts = padded_left(self.text["queries"], PAD)
        responses = self.text["responses"]
        width = max(map(len, responses))
        self.tokens = torch.tensor([row + [PAD] * (width - len(row)) for row in responses])
        lengths = torch.tensor([len(row) for row in responses])
        self.mask = (torch.arange(width) < lengths[:, None]).long()

    def actor(self, prefix: str) -> Actor:
        """Return an actor with recorded weights; the reference has no value head of its own."""
        actor = Actor(GPT2LMHeadModel(GPT2Config(**self.config)), END, PAD)
        start = f"{prefix}."
        state = {
            key.removeprefix(start): value
            for key, value in self.tensors.items()
            if key.startswith(start)
        }
        if prefix == "reference":
            actor.model.load_state_dict(state)
        else:
            actor.load_state_dict(state)
        return actor

    @property
    def config(self) -> dict:
        names = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")
        names += ("bos_token_id", "eos_token_id")
        return {name: self.text["config"][name] for name in names}

    def responses_of(self, name: str) -> torch.Tensor:
        """Return a recorded (B, L) tensor at the responses' tokens, (B, T), 0 elsewhere.

        There, rows begin at the second token of the prompt and are padded on the right.
        """
        recorded = self.tensors[name]
        found = torch.zeros(self.tokens.shape)
        for row, (query, response) in enumerate(
            zip(self.text["queries"], self.text["responses"], strict=True)
        ):
            start = len(query) - 1
            found[row, : len(response)] = recorded[row, start : start + len(response)]
        return found

    def rollout(self, actor: Actor) -> Rollout:
        with torch.no_grad():
            logprobs, values = actor(self.prompts, self.tokens, self.mask)
        return Rollout(self.tokens, self.mask, logprobs * self.mask, values * self.mask)


@pytest.fixture(params=["plain", "whole_batch", "skipped"])
def recorded(request) -> Recorded:
    return Recorded(request.param)


def test_logprobs_and_values(recorded):
    rollout = recorded.rollout(recorded.actor("before"))
    torch.testing.assert_close(rollout.logprobs, recorded.responses_of("logprobs"), **CLOSE)
    torch.testing.assert_close(rollout.values, recorded.responses_of("values"), **CLOSE)
    reference = recorded.rollout(recorded.actor("reference"))
    expected = recorded.responses_of("reference_logprobs")
    torch.testing.assert_close(reference.logprobs, expected, **CLOSE)


def rewards_of(recorded) -> torch.Tensor:
    coefficients = torch.full((len(recorded.tokens),), recorded.beta)
    return penalised_rewards(
        recorded.tensors["scores"],
        recorded.responses_of("logprobs"),
        recorded.responses_of("reference_logprobs"),
        coefficients,
        recorded.mask,
    )


def test_rewards_and_kl(recorded):
    torch.testing.assert_close(rewards_of(recorded), recorded.responses_of("rewards"), **CLOSE)
    kl = sequence_kl(
        recorded.responses_of("logprobs"),
        recorded.responses_of("reference_logprobs"),
        recorded.mask,
    )
    assert kl.mean().item() == pytest.approx(recorded.text["kl"], abs=1e-5)


def test_advantages_and_returns(recorded):
    mask = recorded.mask.float()
    advantages, returns = advantages_and_returns(
        recorded.responses_of("values"),
        rewards_of(recorded),
        mask,
        recorded.settings.gamma,
        recorded.settings.gae_lambda,
    )
    expected = recorded.responses_of("advantages")
    torch.testing.assert_close(advantages * mask, expected, **CLOSE)
    torch.testing.assert_close(returns * mask, recorded.responses_of("returns"), **CLOSE)


def orders_of(recorded):
    """Return the recorded minibatches as rows of the batch, epoch by epoch."""
    size = recorded.settings.minibatch_size
    return [rows for order in recorded.text["orders"] for rows in torch.tensor(order).split(size)]


def test_first_losses(recorded):
    """Before the first step the ratio is 1 and both losses are functions of the rollout alone."""
    rows = orders_of(recorded)[0]
    values, logprobs = recorded.responses_of("values"), recorded.responses_of("logprobs")
    losses = ppo_losses(
        logprobs[rows],
        values[rows],
        logprobs[rows],
        values[rows],
        recorded.responses_of("advantages")[rows],
        recorded.responses_of("returns")[rows],
        recorded.mask[rows].float(),
        recorded.settings.clip_range,
        recorded.settings.clip_range_value,
    )
    first = recorded.text["losses"][0]
    assert losses.policy.item() == pytest.approx(first["policy"], abs=1e-5)
    assert losses.value.item() == pytest.approx(first["value"], abs=1e-5)
    assert losses.ratio.item() == pytest.approx(1.0)


def test_weights_after_one_step(recorded):
    """Four epochs of minibatches and Adam. Where learning is so fast that minibatches are skipped,
    rounding is amplified: what is held there are the skips and the first losses."""
    actor = recorded.actor("before")
    optimiser = torch.optim.Adam(actor.parameters(), lr=recorded.settings.learning_rate)
    skipped = update(
        actor,
        optimiser,
        recorded.prompts,
        recorded.rollout(actor),
        rewards_of(recorded),
        iter(orders_of(recorded)),
        recorded.settings,
    )
    threshold = recorded.settings.ratio_threshold
    assert skipped == sum(loss["ratio"] > threshold for loss in recorded.text["losses"])
    if skipped == 0:
        after = recorded.actor("after")
        expected = after.state_dict()
        for name, value in actor.state_dict().items():
            torch.testing.assert_close(
                identified(name, value), identified(name, expected[name]), **CLOSE
            )
        ours, theirs = recorded.rollout(actor), recorded.rollout(after)
        torch.testing.assert_close(ours.logprobs, theirs.logprobs, **CLOSE)
        torch.testing.assert_close(ours.values, theirs.values, **CLOSE)


def test_dropout_is_in_sampling_alone(recorded):
    """TRL leaves a step in training mode, in which it samples next; its log-probabilities, of the
    same model with dropout, are those without, as the tests above hold. So it is with ours."""
    assert recorded.text["training_mode_after"]
    assert recorded.text["config"]["resid_pdrop"] == 0.1
    actor = recorded.actor("before")
    torch.manual_seed(0)
    plain, dropped = (
        actor.sample(recorded.prompts, 6, torch.Generator().manual_seed(0), dropout)
        for dropout in (False, True)
    )
    assert not torch.equal(plain.tokens, dropped.tokens)
    assert not actor.model.training
    with torch.no_grad():
        logprobs, values = actor(recorded.prompts, dropped.tokens, dropped.mask)
    torch.testing.assert_close(dropped.logprobs, logprobs * dropped.mask, **CLOSE)
    torch.testing.assert_close(dropped.values, values * dropped.mask, **CLOSE)


def identified(name: str, value: torch.Tensor) -> torch.Tensor:
    """Return the weights that the loss depends on: a bias of the keys moves no attention.

    Its gradient is rounding, which Adam makes as large as any other.
    """
    if not name.endswith("attn.c_attn.bias"):
        return value
    query, _, content = value.chunk(3)
    return torch.cat([query, content])
