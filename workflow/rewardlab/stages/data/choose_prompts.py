"""Chooses some prompts of either split, which all that follows is about."""

import pandas as pd

from rewardlab.data.prompts import drawn_prompts
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.types import Count, Seed


@stage
def choose_prompts(
    prompts: Input, chosen: Output, training: Count, evaluation: Count, seed: Seed
) -> None:
    """Some prompts of either split; raises UserError if there are too few."""
    table = pd.read_parquet(prompts)
    counts = {"train": training, "evaluation": evaluation}
    parts = [
        pd.DataFrame(
            {"prompt": drawn_prompts(table, split, count, derive_seed(seed, split)), "split": split}
        )
        for split, count in counts.items()
    ]
    pd.concat(parts, ignore_index=True).to_parquet(chosen, index=False)


if __name__ == "__main__":
    main(choose_prompts)
