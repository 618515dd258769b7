"""A reward model on disk as a function of texts: rewards, or the features below its last layer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from rewardlab.data.distinct import distinct_rows
from rewardlab.data.pretrained import positions_of
from rewardlab.rewards.chunks import rows_in_parts
from rewardlab.rewards.texts import encode_and_count, say
from rewardlab.rewards.trunk import (
    check_length,
    check_vocabulary,
    forward,
    load_reward_model,
    without_last_layer,
)
from rewardlab.running.errors import UserError
from rewardlab.settings.rewards import FeatureSettings

# Where neither the caller nor the model says how long a text may be.
LONGEST = 2048


def distinct_texts(table: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return a table's distinct prompts with responses, and which of them stands in each row."""
    return distinct_rows(table[["prompt", "response"]])


class Scorer:
    """Rewards (n, K) or features (n, H) of texts, all heads in one pass.

    max_length: of a text in tokens; None: as many as the model has positions, up to 2,048.
    state: a folder that belongs to this very computation, where parts are kept as they are done.
    Raises UserError if the model has fewer positions.
    """

    def __init__(
        self, folder: Path, settings: FeatureSettings, max_length: int | None, state: Path
    ) -> None:
        self.model, self.tokenizer = load_reward_model(folder)
        if max_length is None:
            max_length = min(LONGEST, positions_of(self.model) or LONGEST)
        check_length(self.model, max_length, folder)
        self.model.to("cuda" if torch.cuda.is_available() else "cpu")
        self.settings, self.max_length, self.state = settings, max_length, state

    def rewards(
        self,
        prompts: Sequence[str],
        responses: Sequence[str],
        name: str = "scoring",
        what: str | None = None,
    ) -> Tensor:
        """Return the rewards (n, K) of responses.

        name: of the folder inside the state; what: the texts are called in messages.
        """
        try:
            rows, reading = encode_and_count(self.tokenizer, prompts, responses, self.max_length)
            check_vocabulary(self.model, rows)
            say(reading, self.max_length, what or name)
            return rows_in_parts(
                lambda rows: forward(self.model, self.tokenizer, rows),
                rows,
                self.settings.batch_size,
                self.settings.checkpoint_texts,
                self.state / name,
                name,
            )
        except UserError as error:
            raise UserError(f"{what}: {error}" if what else str(error)) from None

    def features(self, prompts: Sequence[str], responses: Sequence[str]) -> Tensor:
        """Return the pooled features (n, H) that the last layer reads."""
        with without_last_layer(self.model):
            return self.rewards(prompts, responses, "features")
