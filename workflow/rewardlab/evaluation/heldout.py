"""Rewards of held-out responses against the gold that labels come from: no label is drawn.

Pure functions of arrays: rewards and gold, each (P, M) of M responses to P prompts. All pairs of
one prompt count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from rewardlab.evaluation.cross_entropy import calibration

Array = NDArray[np.float64]


class Heldout(NamedTuple):
    """Accuracy and cross-entropy of pairs, and the calibration slope of their differences.

    accuracy: the probability that a label agrees with the order of the rewards, ties half; loss: in
    nats; slope: of the label's logit on the reward's difference, 1 if calibrated, below if too
    sure.
    """

    accuracy: float
    loss: float
    slope: float


def held_out(rewards: Array, gold: Array) -> Heldout:
    """Return how rewards do on all pairs of each prompt's responses."""
    first, second = np.triu_indices(rewards.shape[1], 1)
    said = rewards[:, first] - rewards[:, second]
    true = expit(gold[:, first] - gold[:, second])
    agree = np.where(said == 0, 0.5, np.where(said > 0, true, 1 - true))
    loss = np.logaddexp(0, said) - true * said
    both = np.concatenate([said, -said], axis=1)  # without intercept, as neither order is the first
    slope = calibration(both, np.concatenate([true, 1 - true], axis=1)).slope.value
    return Heldout(float(agree.mean()), float(loss.mean()), slope)
