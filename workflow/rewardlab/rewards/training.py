"""Reward models of one logit, with a stopping rule and safe checkpoints.

By TRL's RewardTrainer on pairs; on rankings, which it does not know, by transformers' Trainer.
"""

import logging
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from trl import RewardConfig, RewardTrainer

from rewardlab.data.checkpoints import MarkComplete, SafeCheckpoints, last_checkpoint
from rewardlab.data.passes import passes_of
from rewardlab.rewards.losses import (
    comparisons_loss,
    first_at_or_below,
    plackett_luce_loss,
    smoothed,
)
from rewardlab.rewards.padding import padded_right
from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import leave_if_follower
from rewardlab.settings.rewards import RewardModelSettings

log = logging.getLogger("rewardlab")

RankingLoss = Callable[[Tensor, Tensor], Tensor]


def loss_of_a_choice(ranked: Tensor, present: Tensor) -> Tensor:
    """Return the K-wise loss of each of the K - 1 choices on average: of the size of a pair's."""
    return plackett_luce_loss(ranked, present) / (present.sum(1) - 1)


RANKING_LOSSES: dict[str, RankingLoss] = {
    "balanced": comparisons_loss,
    "plackett_luce": loss_of_a_choice,
}


class StopAtLoss(TrainerCallback):
    """Stop when the smoothed training loss has come down to a level; stop at a loss of NaN."""

    def __init__(self, level: float, window: int) -> None:
        self.level, self.window = level, window

    def on_log(self, args, state, control, logs=None, **kwargs):
        if not logs or "loss" not in logs:
            return
        losses = loss_history(state.log_history)
        if not torch.isfinite(losses[-1]):
            raise UserError(
                f"training the reward model: the loss at step {state.global_step} is "
                f"{losses[-1].item()}; a smaller learning rate may help."
            )
        if state.global_step % 50 == 0:
            mean = smoothed(losses, self.window)[-1]
            log.info("step %d of %d: loss %.3f", state.global_step, state.max_steps, mean)
        if first_at_or_below(losses, self.window, self.level) is not None:
            log.info("step %d: the smoothed loss has reached %g", state.global_step, self.level)
            control.should_training_stop = True


def loss_history(entries: list[dict]) -> Tensor:
    """Return the training losses (T,) that the Trainer logged, one a step."""
    return torch.tensor([float(entry["loss"]) for entry in entries if "loss" in entry])


class SafeRewardTrainer(SafeCheckpoints, RewardTrainer):
    """TRL's trainer on pairs, with or without margins."""


class RankingTrainer(SafeCheckpoints, Trainer):
    """Trainer on rankings, whose responses are read once each.

    ranking_loss: of rewards (B, K) in order of the rankings, and of which of them there are.
    """

    def __init__(self, *args, ranking_loss: RankingLoss, **options) -> None:
        super().__init__(*args, **options)
        self.ranking_loss = ranking_loss

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        present = inputs["present"]
        given = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        ranked = given.logits.new_zeros(present.shape)
        ranked[present] = given.logits[:, 0]
        loss = self.ranking_loss(ranked, present).mean()
        return (loss, given) if return_outputs else loss


class RankingCollator:
    """Puts rankings of token rows side by side: all rows, and which places are taken (B, K)."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, examples: Sequence[dict[str, list[list[int]]]]) -> dict[str, Tensor]:
        sizes = torch.tensor([len(example["rows"]) for example in examples])
        rows = [row for example in examples for row in example["rows"]]
        tokens, mask = padded_right(rows, self.pad)
        return {
            "input_ids": tokens,
            "attention_mask": mask,
            "present": torch.arange(int(sizes.max())) < sizes[:, None],
        }


class AtEpochEnd(TrainerCallback):
    """Hand the model to a function after every epoch, ready for use."""

    def __init__(self, function: Callable[[PreTrainedModel], None]) -> None:
        self.function = function

    def on_epoch_end(self, args, state, control, model=None, **kwargs):
        model.eval()
        self.function(model)
        model.train()


def train_reward_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    chosen: list[list[int]],
    rejected: list[list[int]],
    settings: RewardModelSettings,
    seed: int,
    state: Path,
    margins: Sequence[float] | None = None,
    at_epoch_end: Callable[[PreTrainedModel], None] | None = None,
) -> Tensor:
    """Train `model` in place on token rows of pairs; return the loss of every step (T,).

    Dropout is off. state: a folder of this very training; it goes on from a checkpoint found there
    and gives the same result. margins: by how much the rewards of each pair should differ.
    at_epoch_end: is given the model after every epoch. Raises UserError if the loss is not finite.
    """
    data: dict[str, list] = {"chosen_ids": chosen, "rejected_ids": rejected}
    if margins is not None:
        data["margin"] = list(map(float, margins))
    trainer = SafeRewardTrainer(
        model=model,
        args=RewardConfig(max_length=None, **_arguments(settings, seed, state)),
        processing_class=tokenizer,
        train_dataset=Dataset.from_dict(data),
        callbacks=_callbacks(settings, at_epoch_end),
    )
    return _losses_of(trainer, state)


def train_on_rankings(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rankings: Sequence[Sequence[list[int]]],
    settings: RewardModelSettings,
    seed: int,
    state: Path,
    at_epoch_end: Callable[[PreTrainedModel], None] | None = None,
) -> Tensor:
    """Train `model` in place on rankings of token rows, best first; as `train_reward_model`.

    settings: their loss is one of RANKING_LOSSES, and their batch size counts rankings.
    """
    trainer = RankingTrainer(
        model=model,
        args=TrainingArguments(remove_unused_columns=False, **_arguments(settings, seed, state)),
        processing_class=tokenizer,
        data_collator=RankingCollator(tokenizer.pad_token_id),
        train_dataset=Dataset.from_dict({"rows": [list(rows) for rows in rankings]}),
        callbacks=_callbacks(settings, at_epoch_end),
        ranking_loss=RANKING_LOSSES[settings.loss],
    )
    return _losses_of(trainer, state)


def _arguments(settings: RewardModelSettings, seed: int, state: Path) -> dict[str, Any]:
    return {
        "output_dir": str(state),
        **passes_of(settings),
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "lr_scheduler_type": settings.schedule,
        "num_train_epochs": settings.epochs,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": settings.checkpoint_steps,
        "save_total_limit": 2,
        **_optimiser(settings.optimiser),
        "max_grad_norm": 1.0,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
        "seed": seed,
    }


def _optimiser(name: str) -> dict[str, str]:
    """Return the Trainer's optimiser; plain AdamW where the paged one is not installed."""
    if name == "adamw":
        return {}
    if find_spec("bitsandbytes") is None:
        log.warning("bitsandbytes is not installed: plain AdamW stands in for %s", name)
        return {}
    return {"optim": name}


def _callbacks(settings: RewardModelSettings, at_epoch_end) -> list[TrainerCallback]:
    found = [MarkComplete(), StopAtLoss(settings.stop_loss, settings.smoothing)]
    return found if at_epoch_end is None else [*found, AtEpochEnd(at_epoch_end)]


def _losses_of(trainer: Trainer, state: Path) -> Tensor:
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(state))
    leave_if_follower()
    trainer.model.eval()
    return loss_history(trainer.state.log_history)
