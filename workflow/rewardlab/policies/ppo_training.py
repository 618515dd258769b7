"""Training one policy with PPO, phase by phase: rollout, proxy reward, advantages, update.

The penalty enters as a reward that is fixed when a response is sampled. With weights that depend on
the response this is not gradient ascent on E[R] - beta E[w ln(pi/pi0)]; see `weighted_kl` for where
it comes to rest.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from rewardlab.policies.actor import Actor, Prompts, Rollout
from rewardlab.policies.penalties import PenalisedReward
from rewardlab.policies.ppo import (
    advantages_and_returns,
    penalised_rewards,
    ppo_losses,
    sequence_kl,
)
from rewardlab.settings.ppo import PPOSettings


class Step(NamedTuple):
    """What one step of training saw. Means over the batch's responses.

    kl: of log ratios, which estimates the divergence from the reference; penalty: of weight times
    log ratio; proxy: of scores; spread: their standard deviation; length: in tokens; skipped:
    minibatches over the ratio threshold.
    """

    kl: float
    penalty: float
    proxy: float
    spread: float
    length: float
    skipped: int


class NotFinite(Exception):
    """A value that is not finite came up in training; the policy is lost from there."""


def minibatches(settings: PPOSettings, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the rows of every minibatch of a step: each epoch in a random order of its own."""
    for _ in range(settings.epochs):
        order = torch.randperm(settings.batch_size, generator=generator, device=generator.device)
        yield from order.split(settings.minibatch_size)


def update(
    actor: Actor,
    optimiser: torch.optim.Optimizer,
    prompts: Prompts,
    rollout: Rollout,
    rewards: Tensor,
    orders: Iterator[Tensor],
    settings: PPOSettings,
) -> int:
    """Take a step on every minibatch; return how many were skipped.

    rewards: (B, T), by token. A minibatch may be read in parts: their losses are means over its
    tokens, so parts count by theirs. A skipped one takes part with gradients of 0, as in TRL, where
    the optimiser's momentum still moves the policy.
    """
    mask = rollout.mask.to(rewards.dtype)
    advantages, returns = advantages_and_returns(
        rollout.values, rewards, mask, settings.gamma, settings.gae_lambda
    )
    skipped = 0
    for minibatch in orders:
        optimiser.zero_grad()
        ratio = 0.0
        tokens = mask[minibatch].sum()
        for rows in minibatch.split(settings.minibatch_size // settings.accumulation):
            part = Prompts(prompts.tokens[rows], prompts.mask[rows])
            logprobs, values = actor(part, rollout.tokens[rows], rollout.mask[rows])
            losses = ppo_losses(
                logprobs,
                values,
                rollout.logprobs[rows],
                rollout.values[rows],
                advantages[rows],
                returns[rows],
                mask[rows],
                settings.clip_range,
                settings.clip_range_value,
            )
            share = mask[rows].sum() / tokens
            loss = share * (losses.policy + settings.vf_coef * losses.value)
            if not torch.isfinite(loss):
                raise NotFinite("the loss is not finite")
            loss.backward()
            ratio += (share * losses.ratio).item()
        if ratio > settings.ratio_threshold:
            skipped += 1
            for parameter in actor.parameters():
                if parameter.grad is not None:
                    parameter.grad.zero_()
        optimiser.step()
    return skipped


def ppo_step(
    actor: Actor,
    optimiser: torch.optim.Optimizer,
    reference: Actor,
    prompts: Prompts,
    reward: Callable[[Prompts, Rollout], PenalisedReward],
    beta: float,
    settings: PPOSettings,
    generator: torch.Generator,
    dropout: bool = False,
) -> Step:
    """Train on one batch of prompts; return what was seen before the update.

    reference: the model that the policy started from; reward: scores and weights of a rollout;
    dropout: whether the rollout is sampled with it. Raises NotFinite.
    """
    # Rollout: sampling gives the old log-probabilities and values for nothing.
    rollout = actor.sample(prompts, settings.response_tokens, generator, dropout)
    mask = rollout.mask
    with torch.inference_mode():
        reference_logprobs, _ = reference(prompts, rollout.tokens, mask)
        rewarded = reward(prompts, rollout)
        log_ratio = sequence_kl(rollout.logprobs, reference_logprobs, mask)
        coefficients = beta * rewarded.weights
        rewards = penalised_rewards(
            rewarded.scores, rollout.logprobs, reference_logprobs, coefficients, mask
        )
    if not torch.isfinite(rewards).all():
        raise NotFinite("a reward is not finite")
    # Update. Tensors from inference mode cannot take part in gradients: make plain copies.
    plain = Rollout(*(tensor.clone() for tensor in rollout))
    orders = minibatches(settings, generator)
    skipped = update(actor, optimiser, prompts, plain, rewards.clone(), orders, settings)
    return Step(
        kl=log_ratio.mean().item(),
        penalty=(rewarded.weights * log_ratio).mean().item(),
        proxy=rewarded.scores.mean().item(),
        spread=rewarded.scores.std().item(),
        length=mask.sum(1).double().mean().item(),
        skipped=skipped,
    )
