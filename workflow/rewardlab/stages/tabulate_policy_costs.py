"""Tables 6 to 8: settings and cost of the policies, the paper's and ours.

Time and peak memory are as the stages measured them, over all their attempts.
"""

import json
from pathlib import Path

import pandas as pd
import yaml

from rewardlab.command_line import Command, Job
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.ppo_settings import PPOSettings


def ours(ppo: PPOSettings, beta: float, costs: pd.DataFrame, skipped: int) -> dict[str, object]:
    """Return our own settings and costs of one method's policies."""
    seconds = costs.seconds.sum() / costs.policies.sum()
    return {
        "effective batch size": ppo.batch_size,
        "learning rate": ppo.learning_rate,
        "passes over a batch": ppo.epochs,
        "steps": ppo.steps,
        "initial KL coefficient": float(f"{beta:.4g}"),
        "adaptive KL control": False,
        "minibatches skipped": skipped,
        "policies": int(costs.policies.sum()),
        "seconds a policy": float(f"{seconds:.3g}"),
        "hours a policy": float(f"{seconds / 3600:.3g}"),
        "memory in GB": costs.peak_memory_gb.max(),
        "machine": "this one",
    }


def run(job: Job) -> None:
    printed = yaml.safe_load(Path(job.inputs["printed"]).read_text())["uncertainty_tables6_8"]
    methods = job.options["methods"].split(",")
    costs = pd.concat([read_csv(path) for path in job.inputs["costs"]], ignore_index=True)
    steps = pd.concat([pd.read_parquet(path) for path in job.inputs["steps"]])
    rows, said = [], []
    for method, beta, (name, values) in zip(
        methods, job.inputs["betas"], printed.items(), strict=True
    ):
        found = json.loads(beta.read_text())["beta"]
        own = costs[costs.what.eq(f"policies, {method}")]
        skipped = int(steps.skipped[steps.method.eq(method)].sum())
        here = ours(job.settings, found, own, skipped)
        rows += [
            (name, quantity, values.get(quantity, ""), here.get(quantity, ""))
            for quantity in dict.fromkeys([*values, *here])
        ]
        said.append(f"{name} {here['seconds a policy']} s for each of {here['policies']} policies")
    table = pd.DataFrame(rows, columns=["method", "quantity", "paper", "here"])
    write_csv(table, job.outputs["table"])
    job.outputs["findings"].write_text(
        f"Measured: {', '.join(said)}; the paper: 3.86 hours each.\n"
    )


COMMAND = Command(
    __spec__.name,
    run,
    settings=PPOSettings,
    inputs=("printed", "betas...", "costs...", "steps..."),
    outputs=("table", "findings"),
    options={"methods": "names of the methods, vanilla first, separated by commas"},
)

if __name__ == "__main__":
    COMMAND.main()
