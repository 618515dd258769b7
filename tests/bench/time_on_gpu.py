"""Seconds of the paper's policies on a graphics card, and where they go; with random weights.

    make bench-gpu                     # GPT-2 against a reward ensemble of Gemma-2B's size
    python tests/bench/time_on_gpu.py --tiny     # the same at sizes for a CPU, to try the script

192 steps of 128 rollouts of ten tokens, reward model in bfloat16 (Tables 6 to 8). The embedded
chapter's policy is timed as well, as policies a minute, and the reading of features in tokens a
second beside a plain forward pass.
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable

import torch
import transformers
from transformers import Gemma2Config, Gemma2ForSequenceClassification, GPT2Config, GPT2LMHeadModel

from rewardlab.policies.actor import Actor, padded_left
from rewardlab.policies.penalties import penalised_reward
from rewardlab.policies.ppo_training import ppo_step
from rewardlab.rewards.trunk import without_last_layer
from rewardlab.settings.ppo import TRL_DEFAULTS, PPOSettings

STEPS, BATCH, PROMPT, RESPONSE, HEADS = 192, 128, 8, 10, 10
GEMMA = {
    "hidden_size": 2048,
    "num_hidden_layers": 18,
    "num_attention_heads": 8,
    "num_key_value_heads": 1,
    "head_dim": 256,
    "intermediate_size": 16384,
    "vocab_size": 256000,
}
TINY = {**GEMMA, "hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128}
TINY |= {"head_dim": 16, "num_attention_heads": 4, "vocab_size": 1000}


def seconds(device: str, function: Callable[[], object], times: int) -> float:
    """Return the mean seconds of a call, after one that warms up."""
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(times):
        function()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / times


def policy(device: str, words: int, reward, **sizes) -> dict[str, float]:
    """Return seconds of a step and of its parts."""
    config = GPT2Config(vocab_size=words, bos_token_id=1, eos_token_id=1, pad_token_id=0, **sizes)
    torch.manual_seed(0)
    actor = Actor(GPT2LMHeadModel(config), None, 0).to(device)
    reference = Actor(GPT2LMHeadModel(config), None, 0).requires_grad_(False).to(device)
    optimiser = torch.optim.Adam(actor.parameters(), lr=1.4e-5, fused=True)
    generator = torch.Generator(device).manual_seed(0)
    settings = PPOSettings(
        **TRL_DEFAULTS,
        steps=1,
        batch_size=BATCH,
        minibatch_size=BATCH,
        learning_rate=1.4e-5,
        averaged=0.0,
        sampling_dropout=False,
        response_tokens=RESPONSE,
    )
    rows = torch.randint(2, words, (BATCH, PROMPT)).tolist()
    prompts = type(padded_left(rows, 0))(*(part.to(device) for part in padded_left(rows, 0)))
    rollout = actor.sample(prompts, RESPONSE, generator)
    whole = torch.cat([prompts.tokens, rollout.tokens], 1)

    def step():
        ppo_step(actor, optimiser, reference, prompts, reward, 0.2, settings, generator)

    return {
        "step": seconds(device, step, 5),
        "sampling": seconds(device, lambda: actor.sample(prompts, RESPONSE, generator), 5),
        "reward": seconds(device, lambda: reward(prompts, rollout), 5),
        "tokens read by the reward model": float(whole.numel()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tiny", action="store_true", help="small sizes, on whatever there is")
    tiny = parser.parse_args().tiny
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not tiny:
        sys.exit("there is no graphics card; expected one, or --tiny.")
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or "CPU"
    print(f"{name}; torch {torch.__version__}, transformers {transformers.__version__}")
    config = Gemma2Config(**(TINY if tiny else GEMMA), num_labels=HEADS, pad_token_id=0)
    torch.manual_seed(0)
    model = Gemma2ForSequenceClassification(config).to(device, torch.bfloat16).eval()

    @torch.inference_mode()
    def reward(prompts, rollout):
        whole = torch.cat([prompts.tokens, rollout.tokens], 1) % config.vocab_size
        found = model(whole, attention_mask=torch.ones_like(whole)).logits.float()
        return penalised_reward("variance_aware", found, 0, {"exponent": 1.0})

    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 4} if tiny else {}
    found = policy(device, 500 if tiny else 50257, reward, **sizes)
    for what, value in found.items():
        print(f"{what}: {value:.4g}{'' if 'tokens' in what else ' s'}")
    print(f"a policy of {STEPS} steps: {STEPS * found['step']:.0f} s (paper: 3.86 h on four A40)")
    small = GPT2Config(vocab_size=193, n_embd=64, n_layer=1, n_head=4)
    ensemble = transformers.GPT2ForSequenceClassification(small).to(device).eval()
    ensemble.config.pad_token_id = 0

    @torch.inference_mode()
    def own(prompts, rollout):
        whole = torch.cat([prompts.tokens, rollout.tokens], 1)
        scores = ensemble(whole, attention_mask=torch.ones_like(whole)).logits
        return penalised_reward("vanilla", scores.float(), 0, {})

    embedded = policy(device, 193, own, n_embd=64, n_layer=1, n_head=4, n_positions=32)
    print(f"embedded policies of 40 steps, one after the other: {1.5 / embedded['step']:.1f}/min")
    rows = torch.randint(2, config.vocab_size, (16, 512 if not tiny else 64), device=device)
    mask = torch.ones_like(rows)
    with torch.inference_mode():
        plain = seconds(device, lambda: model.model(rows, attention_mask=mask), 3)
        with without_last_layer(model):
            features = seconds(device, lambda: model(rows, attention_mask=mask).logits.float(), 3)
    for what, value in (("features", features), ("a plain forward pass", plain)):
        print(f"{what}: {rows.numel() / value:,.0f} tokens/s")


if __name__ == "__main__":
    main()
