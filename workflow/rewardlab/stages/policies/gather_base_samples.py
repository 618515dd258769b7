"""The reward trunk's features and the gold rewards of many samples of the base model.

Gold rewards are those of the configuration's world, and of the same world with another value of its
dialect: the same responses, judged otherwise. Texts that were drawn several times are read once.
"""

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

from rewardlab.data.manifest import open_artefact
from rewardlab.rewards.scoring import Scorer, distinct_texts
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.settings.rewards import FeatureSettings, Length
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import gold_by_value


@stage
def gather_base_samples(
    model: Input,
    responses: Input,
    samples: Output,
    state: State,
    settings: FeatureSettings,
    max_length: Length,
    world: WorldSettings,
    values: list[str],
    judge: str,
) -> None:
    """Features (prompts, samples, H) and gold rewards (prompts, samples) of samples.

    values: of the dialect, by which the gold rewards are called; judge: the column with them.
    """
    quieten()
    table = pd.read_parquet(responses)
    texts, rows = distinct_texts(table)
    scorer = Scorer(open_artefact(model), settings, max_length, state)
    features = scorer.features(texts.prompt.tolist(), texts.response.tolist())
    shape = table.prompt_id.nunique(), -1
    tensors = {"features": features[rows].reshape(*shape, features.shape[1]).contiguous()}
    for value, gold in gold_by_value(texts, world, values, judge).items():
        tensors[value] = torch.from_numpy(gold[rows].reshape(shape).astype(np.float32))
    save_file(tensors, samples)


if __name__ == "__main__":
    main(gather_base_samples)
