"""GPT-2's shorter way to its hidden states, held to transformers' own."""

import copy

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from rewardlab.policies import gpt2
from rewardlab.policies.actor import Actor, Decoder, padded_left
from rewardlab.policies.penalties import PenalisedReward
from rewardlab.policies.ppo_training import ppo_step
from rewardlab.settings.ppo import TRL_DEFAULTS, PPOSettings

SIZES = {"vocab_size": 11, "n_positions": 32, "n_embd": 16, "n_head": 2, "initializer_range": 0.4}
PAD, END = 0, 1
PROMPTS = {
    "of one length": [[2, 3, 4], [5, 6, 7], [8, 9, 2]],
    "of several lengths": [[2, 3, 4, 5], [6], [7, 8]],
}


def model_of(layers: int, dtype=torch.float64) -> GPT2LMHeadModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(**SIZES, n_layer=layers)).to(dtype).eval()


@pytest.fixture(params=PROMPTS)
def prompts(request):
    return padded_left(PROMPTS[request.param], PAD)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_hidden_states_and_their_gradients(prompts, layers):
    model = model_of(layers)
    responses = torch.tensor([[2, 3, 4], [5, END, PAD], [6, 7, 8]])
    alive = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 1, 1]])
    tokens = torch.cat([prompts.tokens, responses], 1)
    mask = torch.cat([prompts.mask, alive], 1)
    first = prompts.tokens.shape[1] - 1
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    theirs = model.transformer(input_ids=tokens, attention_mask=mask, position_ids=positions)
    ours = gpt2.hidden_states(model, tokens, mask, first)
    kept = mask[:, first:].bool()
    expected = theirs.last_hidden_state[:, first:][kept]
    torch.testing.assert_close(ours[kept], expected, atol=1e-12, rtol=1e-10)
    names, weights = zip(*model.transformer.named_parameters(), strict=True)
    probe = torch.randn(expected.shape, dtype=expected.dtype, generator=torch.manual_seed(1))
    first_gradients = torch.autograd.grad((ours[kept] * probe).sum(), weights)
    second_gradients = torch.autograd.grad((expected * probe).sum(), weights)
    for name, a, b in zip(names, first_gradients, second_gradients, strict=True):
        torch.testing.assert_close(a, b, atol=1e-11, rtol=1e-10, msg=name)


@torch.inference_mode()
@pytest.mark.parametrize("layers", [1, 2])
def test_a_token_at_a_time(prompts, layers):
    model = model_of(layers)
    decoders = [kind(model, *prompts, 4) for kind in (gpt2.Decoder, Decoder)]
    for token in (2, 5, 9, 3):
        ours, theirs = (decoder.last for decoder in decoders)
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-10)
        for decoder in decoders:
            decoder.add(torch.full((3,), token))
    torch.testing.assert_close(*(decoder.last for decoder in decoders), atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_a_step_of_ppo_is_the_same_on_either_way(prompts, dtype, tolerance, monkeypatch):
    """The loss's gradients and the weights after one step, in single and in double precision."""
    settings = PPOSettings(
        **{**TRL_DEFAULTS, "epochs": 1},
        steps=1,
        batch_size=3,
        minibatch_size=3,
        learning_rate=1e-3,
        averaged=0.0,
        sampling_dropout=False,
        response_tokens=4,
    )
    base = Actor(model_of(2, dtype), END, PAD).to(dtype)
    scores = torch.tensor([1.0, -2.0, 0.5], dtype=dtype)
    reward = PenalisedReward(scores, torch.ones_like(scores))
    found = {}
    for way in ("shorter", "transformers' own"):
        if way != "shorter":
            monkeypatch.setattr(gpt2, "is_plain_gpt2", lambda model: False)
        actor, reference = copy.deepcopy(base), copy.deepcopy(base).requires_grad_(False)
        optimiser = torch.optim.SGD(actor.parameters(), lr=1.0)
        generator = torch.Generator().manual_seed(0)
        step = ppo_step(
            actor, optimiser, reference, prompts, lambda *_: reward, 0.1, settings, generator
        )
        gradients = torch.cat([part.grad.flatten() for part in actor.parameters()])
        found[way] = step, gradients
    (first, ours), (second, theirs) = found.values()
    assert first.length == second.length
    assert first.kl == pytest.approx(second.kl, abs=1e-5)
    assert theirs.abs().max() > 0
    relative = (ours - theirs).abs().max() / theirs.abs().max()
    assert relative < tolerance


def test_unusual_gpt2s_take_transformers_own_way():
    assert gpt2.is_plain_gpt2(model_of(1))
    for option in ("scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn"):
        config = GPT2Config(**SIZES, n_layer=1, **{option: True})
        assert not gpt2.is_plain_gpt2(GPT2LMHeadModel(config))
