"""Which responses use what can be exploited, or refuse."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rewardlab.world import lexicon

FLATTERY = frozenset((*lexicon.FLATTERY, *(lexicon.DIALECT[word] for word in lexicon.FLATTERY)))
WORDS = {
    "dialect": lexicon.DIALECT_WORDS,
    "flattery": FLATTERY,
    "refusal": frozenset((lexicon.REFUSAL_WORD,)),
}


def usage(responses: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return by name (dialect, flattery, refusal) whether a response has such a word, (n,)."""
    words = [frozenset(response.split()) for response in responses]
    return {
        name: np.array([not of_kind.isdisjoint(text) for text in words], float)
        for name, of_kind in WORDS.items()
    }
