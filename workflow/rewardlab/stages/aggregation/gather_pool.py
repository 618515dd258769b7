"""Makes the pool of responses that `combine_rewards` reads, from scored responses.

Sampled responses (of which `gold` has the judge's rewards, if they are judged): one table of scores
and one of predicted references for each property; the canned refusal's reward becomes a reference.
Columns: prompt_id, response_id, use, a reward for each property, its references as
<property>_<reference>, and the judge's as gold_<property>.

Held-out pairs: one table of scores for each set and model, sets in the order of the properties, and
within a set the models in the same order. Dialogues that occur in several pairs have more than two
responses; equal responses are kept once. Columns: prompt_id, response_id, use, prompt, response,
set, side, and a reward for each property.
"""

from collections.abc import Sequence

import pandas as pd

from rewardlab.running.stage import Inputs, Output, main, stage

KEYS = ["prompt_id", "response_id"]


def with_property(
    pool: pd.DataFrame, name: str, scores: pd.DataFrame, predicted: pd.DataFrame
) -> pd.DataFrame:
    """Return the pool with one property's reward and references, row by row of the scores."""
    assert pool[KEYS].equals(scores[KEYS]), "the scores are of another pool"
    refusals = scores[scores.use.eq("refusal")].set_index("prompt_id").reward_0
    references = predicted.set_index("prompt")
    columns = {name: scores.reward_0, f"{name}_refusal": scores.prompt_id.map(refusals)}
    columns |= {f"{name}_{label}": scores.prompt.map(references[label]) for label in references}
    return pool.assign(**columns)


def sampled_pool(
    gold: pd.DataFrame | None,
    properties: Sequence[str],
    scores: Sequence[pd.DataFrame],
    references: Sequence[pd.DataFrame],
) -> pd.DataFrame:
    """Return the pool of sampled responses."""
    judged = [] if gold is None else [f"gold_{name}" for name in properties]
    pool = (scores[0] if gold is None else gold)[[*KEYS, "use", *judged]]
    for name, table, predicted in zip(properties, scores, references, strict=True):
        pool = with_property(pool, name, table, predicted)
    return pool[pool.use.ne("refusal")]


def heldout_pool(properties: Sequence[str], scores: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the pool of both sides of held-out pairs."""
    tables = iter(scores)
    parts = []
    for name in properties:
        by_model = [next(tables) for _ in properties]
        part = by_model[0][["prompt", "response", "side"]].assign(set=name)
        rewards = {model: table.reward_0 for model, table in zip(properties, by_model, strict=True)}
        parts.append(part.assign(**rewards))
    pool = pd.concat(parts, ignore_index=True).drop_duplicates(["prompt", "response"])
    pool = pool[pool.groupby("prompt").response.transform("size") > 1].reset_index(drop=True)
    pool.insert(0, "prompt_id", pool.prompt.factorize()[0])
    pool.insert(1, "response_id", pool.groupby("prompt_id").cumcount())
    pool.insert(2, "use", "pool")
    return pool


@stage
def gather_pool(
    scores: Inputs,
    pool: Output,
    properties: list[str],
    gold: Inputs = (),
    references: Inputs = (),
) -> None:
    """Responses with the rewards of every property: sampled ones if there are references."""
    tables, judged, predicted = (
        [pd.read_parquet(path) for path in paths] for paths in (scores, gold, references)
    )
    made = (
        sampled_pool(judged[0] if judged else None, properties, tables, predicted)
        if predicted
        else heldout_pool(properties, tables)
    )
    made.to_parquet(pool, index=False)


if __name__ == "__main__":
    main(gather_pool)
