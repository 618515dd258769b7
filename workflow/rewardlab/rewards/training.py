"""Reward models of one logit, with a stopping rule and safe checkpoints.

By TRL's RewardTrainer on pairs; on rankings, which it does not know, by transformers' Trainer.
"""

import json
import logging
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
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

from rewardlab.rewards.losses import (
    comparisons_loss,
    first_at_or_below,
    plackett_luce_loss,
    smoothed,
)
from rewardlab.rewards.padding import padded_right
from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import share_of_batch
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
COMPLETE = "complete"  # a file that marks a checkpoint as wholly written


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

    def on_save(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / COMPLETE).touch()


def loss_history(entries: list[dict]) -> Tensor:
    """Return the training losses (T,) that the Trainer logged, one a step."""
    return torch.tensor([float(entry["loss"]) for entry in entries if "loss" in entry])


class SafeCheckpoints:
    """What makes a Trainer's checkpoints safetensors and JSON; stands before it among the bases.

    The state of random generators is not kept: without dropout nothing is drawn in training but the
    order of the data, which the Trainer repeats from its seed.
    """

    def _save(self, output_dir: str | None = None, state_dict=None) -> None:
        folder = output_dir or self.args.output_dir
        self.model.save_pretrained(folder, state_dict=state_dict)
        self.processing_class.save_pretrained(folder)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.args.should_save:
            return
        state = self.optimizer.state_dict()
        tensors, numbers = {}, {}
        for index, values in state["state"].items():
            for name, value in values.items():
                kept = tensors if isinstance(value, Tensor) else numbers
                kept[f"{index}.{name}"] = value
        save_file(tensors, Path(output_dir) / "optimizer.safetensors")
        text = {
            "numbers": numbers,
            "groups": state["param_groups"],
            "schedule": self.lr_scheduler.state_dict(),
        }
        kept = json.dumps(text, default=lambda value: None)
        (Path(output_dir) / "optimizer.json").write_text(kept)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        tensors = load_file(Path(checkpoint) / "optimizer.safetensors")
        text = json.loads((Path(checkpoint) / "optimizer.json").read_text())
        state: dict[int, dict[str, object]] = {}
        for key, value in (tensors | text["numbers"]).items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": text["groups"]})
        self.lr_scheduler.load_state_dict(
            {name: value for name, value in text["schedule"].items() if value is not None}
        )

    def _save_rng_state(self, output_dir: str) -> None:
        pass

    def _load_rng_state(self, checkpoint: str | None) -> None:
        pass

    def create_model_card(self, *args, **kwargs) -> None:
        pass


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
        "per_device_train_batch_size": share_of_batch(settings.batch_size, settings.accumulation),
        "gradient_accumulation_steps": settings.accumulation,
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "lr_scheduler_type": settings.schedule,
        "num_train_epochs": settings.epochs,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": settings.checkpoint_steps,
        "save_total_limit": 2,
        "gradient_checkpointing": settings.gradient_checkpointing,
        "bf16": settings.precision == "bfloat16",
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
    found: list[TrainerCallback] = [StopAtLoss(settings.stop_loss, settings.smoothing)]
    return found if at_epoch_end is None else [*found, AtEpochEnd(at_epoch_end)]


def _losses_of(trainer: Trainer, state: Path) -> Tensor:
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(state))
    trainer.model.eval()
    return loss_history(trainer.state.log_history)


def last_checkpoint(state: Path) -> str | None:
    """Return the latest checkpoint that was wholly written, or None."""
    found = [marker.parent for marker in state.glob(f"checkpoint-*/{COMPLETE}")]
    latest = max(found, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
    return None if latest is None else str(latest)
