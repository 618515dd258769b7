"""Labels "good in A", "good in B", both, either, and "preferred to the median response".

Pure functions on arrays. The probability that a response is good in a property is the sigmoid of
its true reward. Labels of two properties are independent given prompt and response, or, for a share
of the responses, alike: drawn with the same number.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Array = NDArray[np.float64]

NAMES = (
    "good in A", "good in B", "both", "either", "both, alike", "either, alike",
    "A above median", "B above median",
)  # fmt: skip


def true_logits(rewards: Array, medians: Array, alike: float) -> Array:
    """Return the logits (n, 8) of all labels, by NAMES; rewards, medians: (n, 2)."""
    first, second = expit(rewards).T
    product = first * second
    common = alike * np.minimum(first, second) + (1 - alike) * product
    combined = [product, first + second - product, common, first + second - common]
    tiny = np.finfo(float).tiny
    joint = logit(np.clip(np.stack(combined, 1), tiny, 1 - 1e-16))
    return np.concatenate([rewards, joint, rewards - medians], axis=1)


def draw_labels(
    rewards: Array, medians: Array, alike: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return labels (n, 8), by NAMES; rewards, medians: (n, 2)."""
    uniform = rng.uniform(size=(len(rewards), 5))
    first, second = expit(rewards).T
    good = uniform[:, 0] < first, uniform[:, 1] < second
    is_alike = rng.uniform(size=len(rewards)) < alike
    other = np.where(is_alike, uniform[:, 0], uniform[:, 2]) < second
    preferred = uniform[:, 3:] < expit(rewards - medians)
    joint = [good[0] & good[1], good[0] | good[1], good[0] & other, good[0] | other]
    return np.concatenate([np.stack([*good, *joint], axis=1), preferred], axis=1)


def lower_medians(rewards: Array) -> Array:
    """Return the reward of a response at the median, (P, 2), of samples (P, M, 2), by property."""
    ordered = np.sort(rewards, axis=1)
    return ordered[:, (ordered.shape[1] - 1) // 2]
