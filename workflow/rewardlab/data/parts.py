"""What a prompt is for, by a hash of its text: it keeps its place whatever else is in the data.

Preference pairs fall into parts; prompts that policies answer fall into two splits.
"""

import hashlib
from collections.abc import Iterable

from rewardlab.setting_types import Probability, SettingsModel

PARTS = ("train", "evaluation", "judge")
EVALUATION_SHARE = 0.25  # of the prompts of a prompt set


class PartSettings(SettingsModel):
    """Shares of the prompts that are put aside; the rest is for training."""

    evaluation: Probability
    """Share for evaluation."""
    judge: Probability
    """Share for training a judge, which no other model sees."""


def parts_of(prompts: Iterable[str], settings: PartSettings) -> list[str]:
    """Return the part of each prompt, by a hash of its text: no prompt is ever in two.

    A prompt keeps its part whatever else is in the data.
    """
    parts = []
    for prompt in prompts:
        # Not the plain hash: other divisions of the same prompts must be independent of this one.
        digest = hashlib.sha256(f"part of the data: {prompt}".encode()).digest()
        fraction = int.from_bytes(digest[:8], "big") / 2**64
        if fraction < settings.evaluation:
            parts.append("evaluation")
        elif fraction < settings.evaluation + settings.judge:
            parts.append("judge")
        else:
            parts.append("train")
    return parts


def split_of(prompt: str) -> str:
    """Return whether policies may be trained on a prompt, or are evaluated on it."""
    fraction = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4], "big") / 2**32
    return "evaluation" if fraction < EVALUATION_SHARE else "train"
