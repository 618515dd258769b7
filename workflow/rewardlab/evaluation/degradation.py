"""How likely a policy is to do worse than the reference, from moments alone.

"Towards Reliable Alignment" prints means and variances of policies' rewards, and claims less
degradation; that degradation means a lower mean reward than the reference's is our reading.
"""

import math

from scipy.special import ndtr


def gaussian_share_below(mean: float, variance: float, reference: float) -> float:
    """Return the probability of less than `reference`, if policies' rewards are Gaussian."""
    return float(ndtr((reference - mean) / math.sqrt(variance)))


def cantelli_bound(mean: float, variance: float, reference: float) -> float:
    """Return the largest such probability of any distribution with these moments (Cantelli)."""
    if mean <= reference:
        return 1.0
    return variance / (variance + (mean - reference) ** 2)
