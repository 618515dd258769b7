"""Lists both responses of every pair of a preference set's evaluation split, to be scored."""

import numpy as np

from rewardlab.data.pairs_table import both_sides, pairs_of_split
from rewardlab.running.stage import Input, Output, main, stage


@stage
def list_heldout(preferences: Input, responses: Output, name: str) -> None:
    """Both responses of every held-out pair of the preference set `name`."""
    pairs = pairs_of_split(preferences, "evaluation")
    pairs = pairs.assign(id=np.arange(len(pairs)), subset=name)
    both_sides(pairs).to_parquet(responses, index=False)


if __name__ == "__main__":
    main(list_heldout)
