"""What the names of reference rewards stand for; read by every start of Snakemake."""

import re
from typing import NamedTuple

NONE, REFUSAL = "none", "refusal"
SAMPLED, GAUSSIAN, PREDICTED = "", "gaussian_", "predict_"


EXPECTED = (
    "none, refusal, median, or a percentile such as q85, the latter two also as gaussian_q85 or "
    "predict_q85"
)


class Reference(NamedTuple):
    """What a reference's name stands for: how it is had, and the quantile, if it is one."""

    kind: str
    quantile: float | None = None


def reference_of(name: str) -> Reference:
    """Return what the name of a reference means; raises ValueError if it is none.

    none: zero; refusal: the reward of the canned refusal; median, or q85 for the 85th percentile of
    base samples of the prompt; gaussian_q85, if they are Gaussian; predict_q85, from the prompt
    alone.
    """
    if name in (NONE, REFUSAL):
        return Reference(name)
    found = re.fullmatch(r"(gaussian_|predict_|)(median|q([1-9]\d?))", name)
    if found is None:
        raise ValueError(f"{name!r} is not a reference; expected {EXPECTED}")
    percent = int(found[3] or 50)
    return Reference(found[1], percent / 100)
