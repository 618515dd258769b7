"""What policies, methods and their tables are called."""

from typing import NamedTuple

REFERENCE, VANILLA = "reference", "vanilla"
RAW, WEIGHTED, LSC = "raw", "weighted", "lsc"  # methods that claims on transformed rewards compare
NOISE = "noise"  # the ensemble that PPO's own randomness is measured against
PILOT = "pilot"  # the ensembles that coefficients are searched against
FINISHED = "finished"  # how a policy ended that did not get lost
JUDGED, NOISE_OF_JUDGING = "judged", "noise"  # columns; of another judge with its name behind
KEY = ["method", "factor", "policy"]  # the columns that tell a policy from all others


class Policy(NamedTuple):
    """One policy of a method: its number, and the ensemble, head and trial that it stands for."""

    number: int
    ensemble: int
    head: int
    trial: int
