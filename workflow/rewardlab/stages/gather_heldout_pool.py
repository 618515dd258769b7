"""Makes a pool of both sides of held-out preference pairs, with the rewards of several models.

The pairs of several sets, each set scored by every model: --scores has one file for each set and
model, sets in the order of --properties, and within a set the models in the same order. Columns:
prompt_id, response_id, use, prompt, response, set, side, and a reward for each property. Dialogues
that occur in several pairs have more than two responses; equal responses are kept once.
"""

import pandas as pd

from rewardlab.command_line import Command, Job


def run(job: Job) -> None:
    properties = job.options["properties"].split(",")
    files = iter(job.inputs["scores"])
    parts = []
    for name in properties:
        tables = [pd.read_parquet(next(files)) for _ in properties]
        part = tables[0][["prompt", "response", "side"]].assign(set=name)
        for model, table in zip(properties, tables, strict=True):
            part[model] = table.reward_0
        parts.append(part)
    pool = pd.concat(parts, ignore_index=True).drop_duplicates(["prompt", "response"])
    pool = pool[pool.groupby("prompt").response.transform("size") > 1].reset_index(drop=True)
    pool.insert(0, "prompt_id", pool.prompt.factorize()[0])
    pool.insert(1, "response_id", pool.groupby("prompt_id").cumcount())
    pool.insert(2, "use", "pool")
    pool.to_parquet(job.outputs["pool"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    inputs=("scores...",),
    outputs=("pool",),
    options={"properties": "names of the properties, separated by commas"},
)

if __name__ == "__main__":
    COMMAND.main()
