"""One policy from its seed to its judged responses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import (
    check_room,
    encode_prompts,
    load_language_model,
    load_tokenizer,
)
from rewardlab.policies.actor import Actor, Prompts, Rollout, padded_left
from rewardlab.policies.penalties import PenalisedReward, penalised_reward
from rewardlab.policies.ppo_training import NotFinite, Step, ppo_step
from rewardlab.policies.proxy import EnsembleReward, texts_of
from rewardlab.rewards.trunk import check_length, load_reward_model
from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.policies import PolicyEvaluationSettings, ProxySettings
from rewardlab.settings.ppo import PPOSettings

EVALUATION_BATCH = 512
DIVERGENCE_BATCH = 64  # the distributions over all next tokens of both models are in memory


class Penalty(NamedTuple):
    """A function of rewardlab.policies.penalties by name, and its parameters."""

    name: str
    parameters: dict[str, float]


@dataclass(frozen=True)
class Task:
    """What all policies of a process share.

    new_model: makes the base model anew; ensemble: None where nothing is trained; precision: of the
    models' passes; recompute: activations are, in the backward pass.
    """

    new_model: Callable[[], PreTrainedModel]
    tokenizer: PreTrainedTokenizerBase
    training_prompts: list[str]
    evaluation_prompts: list[str]
    ensemble: EnsembleReward | None
    device: str
    precision: str = "float32"
    recompute: bool = False

    def actor(self) -> Actor:
        end, pad = self.tokenizer.eos_token_id, self.tokenizer.pad_token_id
        pad = end if pad is None else pad
        return Actor(self.new_model(), end, pad, self.precision, self.recompute).to(self.device)

    def reference(self) -> Actor:
        """Return the base model, which is never trained."""
        return self.actor().requires_grad_(False)

    def batch(self, prompts: list[str]) -> Prompts:
        rows = encode_prompts(self.tokenizer, prompts)
        pad = self.tokenizer.pad_token_id
        pad = self.tokenizer.eos_token_id if pad is None else pad
        return Prompts(*(part.to(self.device) for part in padded_left(rows, pad)))

    def generator(self, seed: int) -> torch.Generator:
        return torch.Generator(device=self.device).manual_seed(seed)


def load_task(
    model: Path,
    prompts: Path,
    ensemble: Path | None,
    proxy: ProxySettings,
    max_length: int,
    ppo: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    seed: int,
) -> Task:
    """Return what the policies of a process share; the ensemble, if any, is measured.

    model: a folder or its manifest; ensemble: a folder; max_length: of what it reads, in tokens.
    Raises UserError if a prompt and its response, or what the ensemble reads, are too long.
    """
    folder = open_artefact(model)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    table = pd.read_parquet(prompts)
    training, held_out = (
        table.prompt[table.split.eq(split)].drop_duplicates().tolist()
        for split in ("train", "evaluation")
    )
    chosen = np.random.default_rng(derive_seed(seed, "evaluation prompts")).permutation(held_out)
    rewards = None
    if ensemble is not None:
        reward_model, tokenizer = load_reward_model(ensemble)
        check_length(reward_model, max_length, ensemble)
        rewards = EnsembleReward([(reward_model.to(device), tokenizer)], max_length)
    task = Task(
        lambda: load_language_model(folder),
        load_tokenizer(folder),
        training,
        chosen[: evaluation.prompts].tolist(),
        rewards,
        device,
        ppo.precision,
        ppo.gradient_checkpointing,
    )
    check_room(task.new_model(), task.tokenizer, [*training, *chosen], ppo.response_tokens)
    if rewards is not None:
        measure_on_base(task, proxy, ppo.response_tokens, derive_seed(seed, "centring"))
    return task


def measure_on_base(task: Task, settings: ProxySettings, length: int, seed: int) -> None:
    """Centre the ensemble, and measure its sigma, on samples of the base model if so set."""
    if settings.centring == settings.sigma == "raw":
        return
    rng = np.random.default_rng(seed)
    prompts = rng.choice(task.training_prompts, settings.base_samples).tolist()
    actor, generator = task.reference(), task.generator(seed)
    responses = []
    for start in range(0, len(prompts), EVALUATION_BATCH):
        batch = task.batch(prompts[start : start + EVALUATION_BATCH])
        responses += texts_of(task.tokenizer, actor.sample(batch, length, generator))
    task.ensemble.measure(
        prompts, responses, centre=settings.centring == "base", sigma=settings.sigma == "base"
    )


def train_policy(
    task: Task,
    reference: Actor,
    penalty: Penalty,
    head: int,
    beta: float,
    settings: PPOSettings,
    seed: int,
) -> Iterator[tuple[Step, Actor]]:
    """Yield what each step saw and the policy after it.

    That is the mean of the weights so far where they are averaged (Polyak and Juditsky, 1992), as
    over the last steps: the last iterate is away from the fixed point by its own noise. head: which
    one, if the penalty belongs to one. Raises NotFinite that names the step (from 1).
    """
    torch.manual_seed(derive_seed(seed, "value head"))
    actor = task.actor()
    generator = task.generator(derive_seed(seed, "responses"))
    rng = np.random.default_rng(derive_seed(seed, "prompts"))
    optimiser = torch.optim.Adam(actor.parameters(), lr=settings.learning_rate, fused=True)
    averaged = AveragedModel(actor)
    before = settings.steps - round(settings.averaged * settings.steps)
    for number in range(1, settings.steps + 1):
        rows = rng.integers(len(task.training_prompts), size=settings.batch_size)
        prompts = [task.training_prompts[row] for row in rows]

        def rewarded(_: Prompts, rollout: Rollout, prompts: list[str] = prompts) -> PenalisedReward:
            rewards = task.ensemble(prompts, texts_of(task.tokenizer, rollout))
            unit = task.ensemble.unit
            found = penalised_reward(penalty.name, rewards, head, penalty.parameters, unit)
            return PenalisedReward(*(part.to(task.device) for part in found))

        try:
            step = ppo_step(
                actor,
                optimiser,
                reference,
                task.batch(prompts),
                rewarded,
                beta,
                settings,
                generator,
                dropout=settings.sampling_dropout and number > 1,
            )
        except NotFinite as error:
            raise NotFinite(f"step {number}: {error}") from None
        if number > before:
            averaged.update_parameters(actor)
        yield step, averaged.module if number > before else actor


def pilot_responses(
    task: Task,
    reference: Actor,
    penalty: Penalty,
    head: int,
    beta: float,
    settings: PPOSettings,
    evaluation: PolicyEvaluationSettings,
    seed: int,
) -> pd.DataFrame:
    """Return what a policy answers that is trained for this alone, as `evaluate_policy` does.

    Raises UserError if a value that is not finite comes up.
    """
    try:
        for _, actor in train_policy(  # noqa: B007  the last one is evaluated
            task, reference, penalty, head, beta, settings, seed
        ):
            pass
    except NotFinite as error:
        raise UserError(
            f"a pilot of {penalty.name} against head {head} at beta {beta:g}, {error}."
        ) from None
    length = settings.response_tokens
    return evaluate_policy(
        task, actor, reference, evaluation, length, derive_seed(seed, "evaluation")
    )


def divergences(
    actor: Actor, reference: Actor, batch: Prompts, rollout: Rollout, rows: Tensor
) -> Tensor:
    """Return the policy's divergence from the reference along some of the responses."""
    prompts = Prompts(batch.tokens[rows], batch.mask[rows])
    tokens, mask = rollout.tokens[rows], rollout.mask[rows]
    ours, theirs = (model.next_tokens(prompts, tokens, mask) for model in (actor, reference))
    return ((ours.exp() * (ours - theirs)).sum(-1) * mask).sum(1)


@torch.inference_mode()
def evaluate_policy(
    task: Task,
    actor: Actor,
    reference: Actor,
    settings: PolicyEvaluationSettings,
    length: int,
    seed: int,
) -> pd.DataFrame:
    """Return a row for each response: prompt_id, sample, prompt, response, kl.

    kl: the divergence of the policy from the reference over all next tokens, summed along the
    response: it has the mean of the log ratio, and less variance.
    """
    generator = task.generator(seed)
    ids = np.repeat(np.arange(len(task.evaluation_prompts)), settings.samples)
    parts = []
    for start in range(0, len(ids), EVALUATION_BATCH):
        rows = ids[start : start + EVALUATION_BATCH]
        prompts = [task.evaluation_prompts[row] for row in rows]
        batch = task.batch(prompts)
        rollout = actor.sample(batch, length, generator)
        divergence = torch.cat(
            [
                divergences(actor, reference, batch, rollout, part)
                for part in torch.arange(len(rows), device=task.device).split(DIVERGENCE_BATCH)
            ]
        )
        columns = {
            "prompt_id": rows,
            "prompt": prompts,
            "response": texts_of(task.tokenizer, rollout),
            "kl": divergence.cpu().numpy(),
        }
        parts.append(pd.DataFrame(columns))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(sample=np.tile(np.arange(settings.samples), len(task.evaluation_prompts)))
