"""Small reward models trained many times over, each held to the gold of the same responses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.evaluation.heldout import held_out
from rewardlab.rewards.fitting import fit_reward_model
from rewardlab.rewards.losses import bradley_terry_loss
from rewardlab.rewards.texts import encode
from rewardlab.rewards.trunk import check_length, load_reward_model, rewards_of
from rewardlab.running.outputs import published
from rewardlab.seeds import derive_seed
from rewardlab.settings.rewards import RewardModelSettings

Array = NDArray[np.float64]
SIDES = ("chosen", "rejected")
NEVER = 10**9
Row = dict[str, float]


class HeldoutResponses(NamedTuple):
    """M responses to each of P prompts, encoded, and their gold rewards (P, M)."""

    rows: list[list[int]]
    gold: Array

    def measure(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Row:
        """Return accuracy, cross-entropy and calibration slope of a model on all pairs."""
        rewards = rewards_of(model, tokenizer, self.rows).numpy().reshape(self.gold.shape)
        return held_out(rewards, self.gold)._asdict()


class Trials:
    """Reward models from one trunk, trained on tables of pairs and measured."""

    def __init__(self, folder: Path, max_length: int, state: Path) -> None:
        """state: where what is finished is kept, so that a killed run goes on.

        Raises UserError if the trunk has fewer positions than max_length.
        """
        self.folder, self.max_length, self.state = folder, max_length, state
        trunk, self.tokenizer = load_reward_model(folder, heads=1)
        check_length(trunk, max_length, folder)

    def heldout(self, table: pd.DataFrame, prompts: int, responses: int) -> HeldoutResponses:
        """Return the first responses to the first prompts; table: prompt_id and as `annotate`."""
        table = table[table.prompt_id < prompts].sort_values("prompt_id", kind="stable")
        table = table.groupby("prompt_id", sort=False).head(responses)
        rows = encode(
            self.tokenizer, table.prompt.tolist(), table.response.tolist(), self.max_length
        )
        return HeldoutResponses(rows, table.gold.to_numpy(float).reshape(-1, responses))

    def run(
        self,
        name: str,
        pairs: pd.DataFrame,
        settings: RewardModelSettings,
        seed: int,
        held_to: HeldoutResponses,
        every_epoch: bool = False,
    ) -> list[Row]:
        """Return what a model measures at the end, or after every epoch with its training loss.

        name: of this training; the head is drawn from the seed, and so is the order of the pairs.
        """
        finished = self.state / f"{name}.json"
        if not finished.exists():
            rows: list[Row] = []
            torch.manual_seed(derive_seed(seed, "head"))
            model, _ = load_reward_model(self.folder, heads=1)
            after = None
            if every_epoch:  # what was measured is in memory: a killed training begins anew
                after = self._after_epoch(pairs, held_to, rows)
                settings = settings.model_copy(update={"checkpoint_steps": NEVER})
            fit_reward_model(
                model,
                self.tokenizer,
                pairs,
                settings,
                self.max_length,
                derive_seed(seed, "order"),
                self.state / f"{name}_training",
                name,
                after,
            )
            rows = rows or [held_to.measure(model, self.tokenizer)]
            with published(finished) as partial:
                partial.write_text(json.dumps(rows))
        return json.loads(finished.read_text())

    def _after_epoch(
        self, pairs: pd.DataFrame, held_to: HeldoutResponses, rows: list[Row]
    ) -> Callable[[PreTrainedModel], None]:
        texts = pd.concat(
            [pairs[["prompt", side]].set_axis(["prompt", "text"], axis=1) for side in SIDES]
        )
        distinct = texts.drop_duplicates()
        encoded = encode(
            self.tokenizer, distinct.prompt.tolist(), distinct.text.tolist(), self.max_length
        )
        at = pd.MultiIndex.from_frame(distinct).get_indexer(pd.MultiIndex.from_frame(texts))

        def measure(model: PreTrainedModel) -> None:
            chosen, rejected = rewards_of(model, self.tokenizer, encoded)[at].chunk(2)
            loss = float(bradley_terry_loss(chosen, rejected).mean())
            rows.append({**held_to.measure(model, self.tokenizer), "training_loss": loss})

        return measure
