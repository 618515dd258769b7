"""Samples what the base model answers, as often as there are policies to stand beside.

Trial i has the evaluation seed of policy i of every method: the same prompts, the same noise.
"""

import pandas as pd

from rewardlab.command_line import Command, Job
from rewardlab.libraries import quieten
from rewardlab.policies.experiment import evaluate_policy
from rewardlab.progress import progress
from rewardlab.seeds import derive_seed
from rewardlab.stages.train_policies import Settings, task_of


def run(job: Job) -> None:
    quieten()
    count = int(job.options["policies"])
    task = task_of(job.inputs, job.settings, job.seed)
    reference = task.reference()
    parts = []
    for number in progress(range(count), "sampling the reference", count):
        table = evaluate_policy(
            task,
            reference,
            reference,
            job.settings.evaluation,
            job.settings.ppo.response_tokens,
            derive_seed(job.seed, "evaluation", number),
        )
        parts.append(table.assign(policy=number))
    pd.concat(parts, ignore_index=True).to_parquet(job.outputs["responses"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    settings=Settings,
    seeded=True,
    inputs=("model", "prompts"),
    outputs=("responses",),
    options={"policies": "number of trials"},
)

if __name__ == "__main__":
    COMMAND.main()
