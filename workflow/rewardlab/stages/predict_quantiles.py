"""Predicts quantiles of a prompt's rewards from the prompt alone, without sampling.

A linear layer on the prompt's features is fitted to the samples of the training prompts by quantile
regression, and applied to the evaluation prompts, none of which it has seen. Writes prompt, and
predict_<name> for each quantile.
"""

import pandas as pd
from safetensors.numpy import load_file

from rewardlab.command_line import Command, Job
from rewardlab.rewards.references import fit_quantile_head
from rewardlab.setting_types import Name, NonNegative, OpenProbability, SettingsModel


class Settings(SettingsModel):
    """Which quantiles, and how strongly weights are held small."""

    quantiles: dict[Name, OpenProbability]
    penalty: NonNegative


def run(job: Job) -> None:
    settings = job.settings
    order = pd.read_parquet(job.inputs["prompts"]).prompt
    features = load_file(job.inputs["features"])["features"].astype(float)
    train, evaluation = (
        pd.read_parquet(job.inputs[name], columns=["prompt_id", "use", "prompt", "reward_0"])
        for name in ("train", "evaluation")
    )
    samples = train[train.use.eq("reference")].sort_values("prompt_id", kind="stable")
    prompts = samples.prompt.drop_duplicates()
    rewards = samples.reward_0.to_numpy(float).reshape(len(prompts), -1)
    place = pd.Series(range(len(order)), index=order)
    predicted = pd.DataFrame({"prompt": evaluation.prompt.drop_duplicates().to_numpy()})
    for name, quantile in settings.quantiles.items():
        head = fit_quantile_head(features[place[prompts]], rewards, quantile, settings.penalty)
        predicted[f"predict_{name}"] = head(features[place[predicted.prompt]])
    predicted.to_parquet(job.outputs["references"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    settings=Settings,
    inputs=("features", "prompts", "train", "evaluation"),
    outputs=("references",),
)

if __name__ == "__main__":
    COMMAND.main()
