"""Pointwise reward models: the logit that a response is good, learned from labels by cross-entropy.

One trunk has a logit for each kind of label. Reward Model Aggregation, section 2, eq. (1).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from transformers import DataCollatorWithPadding, PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.rewards.brief_training import train_briefly
from rewardlab.settings.aggregation import PointwiseSettings


def train_pointwise(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[list[int]],
    labels: NDArray[np.bool_],
    settings: PointwiseSettings,
    seed: int,
    folder: str,
) -> None:
    """Train `model` in place on token rows and their labels (n, K), a logit for each of K.

    folder: where transformers' Trainer may write; it keeps nothing there.
    """
    model.config.problem_type = "multi_label_classification"
    data = {"input_ids": list(rows), "labels": labels.astype(np.float32).tolist()}
    train_briefly(model, data, DataCollatorWithPadding(tokenizer), settings, seed, folder)
