"""One group of reward models and heads that differ in one thing at a time, and their components.

Whole models differ in their initial head, the order of the data, and the data, which are resampled;
all start from one trunk. Heads differ in the same on the frozen trunk of the group's first model.
Rewards are centred by model over the responses, since comparisons leave a constant free.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pairs_table import training_pairs
from rewardlab.evaluation.tables import write_csv
from rewardlab.evaluation.variance_components import crossed_components
from rewardlab.rewards.crossed_heads import DATA, FACTORS, INITIAL, ORDER, crossed_heads
from rewardlab.rewards.scoring import Scorer
from rewardlab.rewards.texts import encode
from rewardlab.rewards.training import train_reward_model
from rewardlab.rewards.trunk import load_reward_model
from rewardlab.running.libraries import quieten
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.causes import CausesSettings
from rewardlab.settings.rewards import (
    EnsembleSettings,
    FeatureSettings,
    Length,
    RewardModelSettings,
)
from rewardlab.settings.types import Seed

WHOLE = "whole models"


def train_member(
    trunk: Path,
    pairs: pd.DataFrame,
    levels: dict[str, int],
    settings: RewardModelSettings,
    max_length: int,
    state: Path,
) -> Path:
    """Return the folder of a model trained from the seeds of its levels, once."""
    folder = state / "model"
    if folder.exists():
        return folder
    torch.manual_seed(levels[INITIAL])
    network, tokenizer = load_reward_model(trunk, heads=1)
    rows = np.random.default_rng(levels[DATA]).integers(len(pairs), size=len(pairs))
    drawn = pairs.iloc[rows]
    sides = [
        encode(tokenizer, drawn.prompt, drawn[side], max_length) for side in ("chosen", "rejected")
    ]
    train_reward_model(network, tokenizer, *sides, settings, levels[ORDER], state / "training")
    with published(folder) as partial:
        network.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    return folder


def centred(rewards: np.ndarray) -> np.ndarray:
    """Return rewards (..., n) with the mean of each model over the responses taken off."""
    return rewards - rewards.mean(-1, keepdims=True)


def component_rows(
    kind: str, pairs: int, names: tuple[str, ...], rewards: np.ndarray
) -> list[dict]:
    """Return a row for each set of factors: its variance component."""
    return [
        {
            "kind": kind,
            "pairs": pairs,
            "component": " x ".join(names[axis] for axis in axes),
            "variance": value,
            "members": int(np.prod([rewards.shape[axis] for axis in axes])),
        }
        for axes, value in crossed_components(rewards.astype(float)).items()
    ]


@stage
def split_variance(
    trunk: Input,
    preferences: Input,
    responses: Input,
    components: Output,
    means: Output,
    state: State,
    settings: CausesSettings,
    model: RewardModelSettings,
    ensemble: EnsembleSettings,
    features: FeatureSettings,
    max_length: Length,
    seed: Seed,
    responses_seed: Seed,
) -> None:
    """A group of models and heads; components: of their variance; means: over each kind's members.

    responses_seed: by which responses are chosen, the same for all groups.
    """
    quieten()
    pairs, table = training_pairs(preferences), pd.read_parquet(responses)
    rng = np.random.default_rng(responses_seed)
    scored = table.iloc[rng.permutation(len(table))[: settings.responses]]
    texts = scored.prompt.tolist(), scored.response.tolist()
    base, names = open_artefact(trunk), (INITIAL, ORDER, DATA)
    cells = list(product(range(settings.levels), repeat=len(names)))
    whole, folders = [], []
    for cell in progress(cells, WHOLE, len(cells)):
        seeds = {
            name: derive_seed(seed, name, level) for name, level in zip(names, cell, strict=True)
        }
        own = state / "-".join(map(str, cell))
        folders.append(train_member(base, pairs, seeds, model, max_length, own))
        scorer = Scorer(folders[-1], features, max_length, own / "scores")
        whole.append(scorer.rewards(*texts).numpy()[:, 0])
    shape = [settings.levels] * len(names)
    found = {(WHOLE, len(pairs)): centred(np.stack(whole).reshape(*shape, -1))}
    rows = component_rows(WHOLE, len(pairs), names, found[WHOLE, len(pairs)])

    scorer = Scorer(folders[0], features, max_length, state / "features")
    prompts = [*pairs.prompt, *pairs.prompt, *texts[0]]
    read = scorer.features(prompts, [*pairs.chosen, *pairs.rejected, *texts[1]])
    chosen, rejected, of_texts = read.split([len(pairs), len(pairs), len(scored)])
    for kind, factors in FACTORS.items():
        of_kind = ensemble.model_copy(update={"kind": kind})
        for number in settings.pairs:
            weights = crossed_heads(
                chosen - rejected,
                of_kind,
                settings.head_levels,
                number,
                derive_seed(seed, kind, str(number)),
            )
            key = f"{kind} heads", number or len(pairs)
            found[key] = centred((weights @ of_texts.T).numpy())
            rows += component_rows(*key, factors, found[key])
    write_csv(pd.DataFrame(rows), components)
    averages = [
        pd.DataFrame(
            {"kind": kind, "pairs": number, "mean": rewards.reshape(-1, len(scored)).mean(0)}
        )
        for (kind, number), rewards in found.items()
    ]
    pd.concat(averages).to_parquet(means, index=False)


if __name__ == "__main__":
    main(split_variance)
