"""Samples of the base model as a reward trunk's features, in two halves."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Samples:
    """Samples of the base model in two halves, (2, P, N/2): features, and gold rewards by name."""

    def __init__(self, tensors: dict[str, Array]) -> None:
        def halves(values: Array) -> Array:
            prompts, count, *rest = values.shape
            split = values.reshape(prompts, 2, count // 2, *rest)
            return np.ascontiguousarray(np.moveaxis(split, 1, 0))

        self.features = halves(tensors.pop("features"))
        self.gold = {name: halves(values) for name, values in tensors.items()}

    def rewards(self, heads: Array) -> Array:
        """Return rewards (K, 2, P, N/2) by heads (K, H), each less its mean over all samples."""
        found = np.moveaxis(self.features @ heads.T, -1, 0)
        return np.ascontiguousarray(found - found.mean((1, 2, 3), keepdims=True))

    def deviation(self, heads: Array) -> Array:
        """Return the sample deviation (2, P, N/2) over heads (K, H) of their centred rewards."""
        centred = self.features - self.features.mean((0, 1, 2))
        root = np.linalg.cholesky(np.cov(heads.T).astype(float) + 1e-9 * np.eye(heads.shape[1]))
        return np.sqrt(((centred @ root.astype(centred.dtype)) ** 2).sum(-1))
