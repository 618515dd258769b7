"""Scores responses by the embedded world's gold reward, which judges what models score.

All columns are kept; gold_helpful, gold_harmless and gold_overall are added.
"""

import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.data.world.gold import PROPERTIES, build_gold
from rewardlab.data.world.settings import WorldSettings


def run(job: Job) -> None:
    table = pd.read_parquet(job.inputs["responses"])
    gold = build_gold(job.settings)
    rewards = gold.rewards(table.prompt.tolist(), table.response.tolist())
    columns = {f"gold_{name}": rewards[:, place] for place, name in enumerate(PROPERTIES)}
    table = table.assign(**columns, gold_overall=gold.overall(rewards))
    table.to_parquet(job.outputs["scores"], index=False)


COMMAND = Command(
    __spec__.name, run, settings=WorldSettings, inputs=("responses",), outputs=("scores",)
)

if __name__ == "__main__":
    COMMAND.main()
