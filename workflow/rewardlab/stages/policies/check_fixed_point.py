"""Trains policies with PPO on responses of one token, and says which closed form they arrive at.

Three answers to the weighted penalty of Theorem 3.6 (see `rewardlab.policies.weighted_kl`): the
true optimum, the theorem's printed form, its coefficient free to spend at most the true optimum's
penalty, and PPO's own fixed point. Rewards and deviations of the arms are drawn; with rewards of 0
as control, PPO has to stay at the reference.
"""

import numpy as np
import pandas as pd
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.actor import Actor, Prompts, Rollout
from rewardlab.policies.penalties import PenalisedReward
from rewardlab.policies.ppo_training import ppo_step
from rewardlab.policies.weighted_kl import (
    best_within_budget,
    optimal_policy,
    ppo_fixed_point,
    printed_policy,
    weighted_kl,
)
from rewardlab.running.progress import progress
from rewardlab.running.stage import Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.fixed_point import FixedPointSettings
from rewardlab.settings.ppo import TRL_DEFAULTS, PPOSettings
from rewardlab.settings.types import Seed

AVERAGED = 0.2  # share of the last steps over which the trained policy is averaged


def small_model(arms: int, seed: int) -> GPT2LMHeadModel:
    """Return a language model of `arms` tokens, whose next token is not uniform."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=arms,
        n_positions=4,
        n_embd=16,
        n_layer=1,
        n_head=2,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=None,
    )
    return GPT2LMHeadModel(config).eval()


def probabilities(actor: Actor) -> np.ndarray:
    """Return the policy (A,) over the one token of a response."""
    prompt = Prompts(torch.zeros(1, 1, dtype=torch.long), torch.ones(1, 1, dtype=torch.long))
    with torch.inference_mode():
        logprobs = actor.next_tokens(prompt, prompt.tokens, prompt.mask)
    return logprobs[0, 0].double().exp().numpy()


def trained_policy(
    rewards: np.ndarray, weights: np.ndarray, settings: FixedPointSettings, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the reference and the trained policy (A,), both over the tokens."""
    reference = Actor(small_model(settings.arms, seed), None, 0).requires_grad_(False)
    actor = Actor(small_model(settings.arms, seed), None, 0)
    ppo = PPOSettings(
        **TRL_DEFAULTS,
        steps=settings.steps,
        batch_size=settings.batch_size,
        minibatch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        averaged=0.0,
        sampling_dropout=False,
        response_tokens=1,
    )
    optimiser = torch.optim.Adam(actor.parameters(), lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1e-3, settings.steps)
    generator = torch.Generator().manual_seed(seed)
    shape = (settings.batch_size, 1)
    prompts = Prompts(torch.zeros(shape, dtype=torch.long), torch.ones(shape, dtype=torch.long))
    by_token = [torch.tensor(values, dtype=torch.float32) for values in (rewards, weights)]

    def rewarded(_: Prompts, rollout: Rollout) -> PenalisedReward:
        return PenalisedReward(*(values[rollout.tokens[:, 0]] for values in by_token))

    seen = []
    for _ in range(settings.steps):
        ppo_step(actor, optimiser, reference, prompts, rewarded, settings.beta, ppo, generator)
        schedule.step()
        seen.append(probabilities(actor))
    last = max(1, int(AVERAGED * settings.steps))
    return probabilities(reference), np.mean(seen[-last:], axis=0)


def one_case(case: str, rewards, deviations, exponent: float, settings, seed: int) -> pd.DataFrame:
    """Return a row per policy and arm, with the policy's distance from the trained one."""
    weights = deviations**exponent
    reference, trained = trained_policy(rewards, weights, settings, seed)
    beta = np.array(settings.beta)
    optimum = optimal_policy(reference, rewards, weights, beta)
    budget = float(weighted_kl(optimum, reference, weights))
    printed, _ = best_within_budget(printed_policy, reference, rewards, weights, budget)
    policies = {
        "reference": reference,
        "trained by PPO": trained,
        "fixed point of PPO": ppo_fixed_point(reference, rewards, weights, beta),
        "true optimum": optimum,
        "as printed, equal penalty": printed,
    }
    parts = []
    for name, policy in policies.items():
        penalty = float(weighted_kl(policy, reference, weights))
        columns = {
            "case": case,
            "exponent": exponent,
            "policy": name,
            "arm": np.arange(1, len(policy) + 1),
            "reward": rewards,
            "deviation": deviations,
            "probability": policy,
            "distance": float(np.abs(policy - trained).sum() / 2),
            "penalty": penalty,
            "objective": float(policy @ rewards) - settings.beta * penalty,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def findings_of(table: pd.DataFrame) -> str:
    lines = []
    for (case, exponent), rows in table.groupby(["case", "exponent"], sort=False):
        by_policy = rows.drop_duplicates("policy").set_index("policy")
        far = ", ".join(
            f"{name} {by_policy.distance[name]:.3f}"
            for name in ("fixed point of PPO", "true optimum", "as printed, equal penalty")
        )
        trained, best = (by_policy.objective[name] for name in ("trained by PPO", "true optimum"))
        penalties = ", ".join(
            f"{name} {by_policy.penalty[name]:.3f}" for name in ("trained by PPO", "true optimum")
        )
        lines.append(
            f"{case}, exponent {exponent:g}: total variation distance of the trained policy from "
            f"{far}; objective {trained:.3f}, at the true optimum {best:.3f}; weighted KL "
            f"{penalties}."
        )
    return "\n\n".join(lines) + "\n"


@stage
def check_fixed_point(
    table: Output, findings: Output, settings: FixedPointSettings, seed: Seed
) -> None:
    """Policies on responses of one token, and the closed form that they arrive at."""
    rng = np.random.default_rng(derive_seed(seed, "arms"))
    rewards = rng.standard_normal(settings.arms)
    deviations = np.geomspace(0.4, 2.5, settings.arms)[rng.permutation(settings.arms)]
    cases = [("drawn rewards", rewards, exponent) for exponent in settings.exponents]
    cases += [("rewards of 0", np.zeros_like(rewards), max(settings.exponents))]
    parts = [
        one_case(name, values, deviations, exponent, settings, derive_seed(seed, "policy"))
        for name, values, exponent in progress(cases, "training on single tokens", len(cases))
    ]
    policies = pd.concat(parts, ignore_index=True)
    write_csv(policies, table)
    findings.write_text(findings_of(policies))


if __name__ == "__main__":
    main(check_fixed_point)
