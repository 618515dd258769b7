"""What a prompt is for, by a hash of its text: it keeps its place whatever else is in the data.

Preference pairs fall into three splits; prompts that policies answer into two.
"""

import hashlib
from collections.abc import Iterable

from rewardlab.settings.data import SplitSettings

SPLITS = ("train", "evaluation", "judge")
EVALUATION_SHARE = 0.25  # of the prompts of a prompt set


def splits_of(prompts: Iterable[str], settings: SplitSettings) -> list[str]:
    """Return the split of each prompt, by a hash of its text: no prompt is ever in two.

    A prompt keeps its split whatever else is in the data.
    """
    splits = []
    for prompt in prompts:
        # Not the plain hash: other divisions of the same prompts must be independent of this one.
        digest = hashlib.sha256(f"part of the data: {prompt}".encode()).digest()
        fraction = int.from_bytes(digest[:8], "big") / 2**64
        if fraction < settings.evaluation:
            splits.append("evaluation")
        elif fraction < settings.evaluation + settings.judge:
            splits.append("judge")
        else:
            splits.append("train")
    return splits


def split_of(prompt: str) -> str:
    """Return whether policies may be trained on a prompt, or are evaluated on it."""
    fraction = int.from_bytes(hashlib.sha256(prompt.encode()).digest()[:4], "big") / 2**32
    return "evaluation" if fraction < EVALUATION_SHARE else "train"
