"""Puts a pool's rewards, references and judgements side by side: what `combine_rewards` reads.

One file of scores and one of predicted references for each property, in the order of --properties;
the canned refusal's reward becomes a reference. Columns: prompt_id, response_id, use, a reward for
each property, its references as <property>_<reference>, and the judge's as gold_<property>.
"""

import pandas as pd

from rewardlab.command_line import Command, Job

KEYS = ["prompt_id", "response_id"]


def with_property(
    pool: pd.DataFrame, name: str, scores: pd.DataFrame, predicted: pd.DataFrame
) -> pd.DataFrame:
    """Return the pool with one property's reward and references, row by row of the scores."""
    assert pool[KEYS].equals(scores[KEYS]), "the scores are of another pool"
    refusals = scores[scores.use.eq("refusal")].set_index("prompt_id").reward_0
    references = predicted.set_index("prompt")
    columns = {name: scores.reward_0, f"{name}_refusal": scores.prompt_id.map(refusals)}
    columns |= {f"{name}_{part}": scores.prompt.map(references[part]) for part in references}
    return pool.assign(**columns)


def run(job: Job) -> None:
    gold = pd.read_parquet(job.inputs["gold"])
    properties = job.options["properties"].split(",")
    pool = gold[[*KEYS, "use", *(f"gold_{name}" for name in properties)]]
    parts = zip(properties, job.inputs["scores"], job.inputs["references"], strict=True)
    for name, scores, predicted in parts:
        tables = (pd.read_parquet(path) for path in (scores, predicted))
        pool = with_property(pool, name, *tables)
    pool[pool.use.ne("refusal")].to_parquet(job.outputs["pool"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("gold", "scores...", "references..."),
    outputs=("pool",),
    options={"properties": "names of the properties, separated by commas"},
)

if __name__ == "__main__":
    COMMAND.main()
