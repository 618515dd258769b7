"""Computes a reward model's pooled features of prompts alone, once for each prompt.

A prompt is read as a text with an empty response. The features (n, H) are in the order of the
prompts in the table of the same stage.
"""

import pandas as pd
import torch
from safetensors.torch import save_file

from rewardlab.command_line import Command, Job
from rewardlab.data.manifest import open_artefact
from rewardlab.libraries import quieten
from rewardlab.rewards.chunks import rows_in_parts
from rewardlab.rewards.settings import FeatureSettings
from rewardlab.rewards.texts import encode
from rewardlab.rewards.trunk import forward, load_reward_model, without_last_layer


def run(job: Job) -> None:
    quieten()
    settings = job.settings
    model, tokenizer = load_reward_model(open_artefact(job.inputs["model"]))
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    pools = [pd.read_parquet(path, columns=["prompt"]) for path in job.inputs["pools"]]
    prompts = pd.concat(pools).prompt.drop_duplicates()
    with without_last_layer(model):
        features = rows_in_parts(
            lambda rows: forward(model, tokenizer, rows),
            encode(tokenizer, prompts, [""] * len(prompts), settings.max_length),
            settings.batch_size,
            settings.checkpoint_texts,
            job.state,
            "extracting features of prompts",
        )
    save_file({"features": features.contiguous()}, job.outputs["features"])
    prompts.to_frame().to_parquet(job.outputs["prompts"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    settings=FeatureSettings,
    resumable=True,
    inputs=("model", "pools..."),
    outputs=("features", "prompts"),
)

if __name__ == "__main__":
    COMMAND.main()
