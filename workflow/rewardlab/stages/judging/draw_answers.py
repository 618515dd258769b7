"""Draws a pair of responses to every prompt of an experiment's policies: a policy's, and the
base's.

The base model's is drawn, the same for all policies; a policy's is its first. Columns: method,
factor, policy, ensemble, head, kl (the prompt's mean over the policy's responses), prompt_id,
prompt, first (the policy's), second.
"""

import numpy as np
import pandas as pd

from rewardlab.policies.names import KEY
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.types import Seed


@stage
def draw_answers(responses: Inputs, texts: Input, pairs: Output, seed: Seed) -> None:
    """Pairs of a policy's response and the base model's; texts: samples of the latter."""
    answers = pd.concat(map(pd.read_parquet, responses), ignore_index=True)
    base = pd.read_parquet(texts)
    base = base[base.use.eq("base")].groupby("prompt", sort=False)
    drawn = base.sample(1, random_state=np.random.default_rng(seed)).set_index("prompt").response
    place = [*KEY, "ensemble", "head", "prompt_id", "prompt"]
    grouped = answers.sort_values("sample", kind="stable").groupby(place, sort=False)
    found = grouped.agg(kl=("kl", "mean"), first=("response", "first")).reset_index()
    found = found.assign(second=found.prompt.map(drawn))
    if found.second.isna().any():
        raise UserError(f"a policy answered a prompt that {texts} has no sample of the base for.")
    found.to_parquet(pairs, index=False)


if __name__ == "__main__":
    main(draw_answers)
