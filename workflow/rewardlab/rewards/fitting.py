"""A reward model fitted to a table of pairs, or of rankings, by any of the losses there are."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pandas as pd
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.data.rankings import as_rankings
from rewardlab.rewards.texts import encode_and_count, say
from rewardlab.rewards.training import RANKING_LOSSES, train_on_rankings, train_reward_model
from rewardlab.running.errors import UserError
from rewardlab.settings.rewards import RewardModelSettings


def fit_reward_model(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: pd.DataFrame,
    settings: RewardModelSettings,
    max_length: int,
    seed: int,
    state: Path,
    what: str,
    at_epoch_end: Callable[[PreTrainedModel], None] | None = None,
) -> Tensor:
    """Train the network in place by the loss of the settings; return the loss of every step (T,).

    pairs: prompt, chosen, rejected, and margins or rankings (`rewardlab.data.rankings`); seed: of
    their order; state, at_epoch_end: as in `train_reward_model`; what: the pairs are called in
    messages. Raises UserError if they lack what the loss needs.
    """
    if settings.loss in RANKING_LOSSES:
        rankings = as_rankings(pairs)
        texts = [(prompt, text) for prompt, responses in rankings for text in responses]
        rows, reading = encode_and_count(tokenizer, *zip(*texts, strict=True), max_length)
        say(reading, max_length, f"responses of {what}")
        taken = iter(rows)
        together = [list(islice(taken, len(responses))) for _, responses in rankings]
        return train_on_rankings(network, tokenizer, together, settings, seed, state, at_epoch_end)
    sides = []
    for side in ("chosen", "rejected"):
        rows, reading = encode_and_count(tokenizer, pairs.prompt, pairs[side], max_length)
        say(reading, max_length, f"{side} responses of {what}")
        sides.append(rows)
    margins = margins_of(pairs, what) if settings.loss == "margin" else None
    return train_reward_model(
        network, tokenizer, *sides, settings, seed, state, margins, at_epoch_end
    )


def margins_of(pairs: pd.DataFrame, what: str) -> list[float]:
    """Return the margin of every pair; raises UserError if one has none."""
    missing = pairs.margin.isna().sum() if "margin" in pairs else len(pairs)
    if missing:
        raise UserError(
            f"rewards.model.loss is margin, but {missing} of {len(pairs)} pairs of {what} have no "
            "margin; expected a field margin, or its name under columns of the set."
        )
    return pairs.margin.tolist()
