"""A reward model on disk as a function of texts: rewards, or the features below its last layer."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from rewardlab.rewards.chunks import rows_in_parts
from rewardlab.rewards.texts import encode
from rewardlab.rewards.trunk import forward, load_reward_model, without_last_layer
from rewardlab.settings.rewards import FeatureSettings


class Scorer:
    """Rewards (n, K) or features (n, H) of texts, all heads in one pass.

    state: a folder that belongs to this very computation, where parts are kept as they are done.
    """

    def __init__(self, folder: Path, settings: FeatureSettings, state: Path) -> None:
        self.model, self.tokenizer = load_reward_model(folder)
        self.model.to("cuda" if torch.cuda.is_available() else "cpu")
        self.settings, self.state = settings, state

    def rewards(
        self, prompts: Sequence[str], responses: Sequence[str], name: str = "scoring"
    ) -> Tensor:
        """Return the rewards (n, K) of responses; name: of the folder inside the state."""
        settings = self.settings
        return rows_in_parts(
            lambda rows: forward(self.model, self.tokenizer, rows),
            encode(self.tokenizer, prompts, responses, settings.max_length),
            settings.batch_size,
            settings.checkpoint_texts,
            self.state / name,
            name,
        )

    def features(self, prompts: Sequence[str], responses: Sequence[str]) -> Tensor:
        """Return the pooled features (n, H) that the last layer reads."""
        with without_last_layer(self.model):
            return self.rewards(prompts, responses, "features")
