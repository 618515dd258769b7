"""Trains the single reward model: a trunk with one logit, on preference pairs, by TRL."""

import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pairs_table import training_pairs
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.texts import encode_and_count, say
from rewardlab.rewards.training import train_reward_model
from rewardlab.rewards.trunk import check_length, load_reward_model, save_model
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.rewards import Length, RewardModelSettings
from rewardlab.settings.types import Seed


@stage
def train(
    trunk: Input,
    preferences: Input,
    model: Output,
    manifest: Output,
    losses: Output,
    measured: Output,
    state: State,
    settings: RewardModelSettings,
    max_length: Length,
    seed: Seed,
    name: str = "single reward model",
) -> None:
    """The whole trunk and one logit; name: what its cost is listed under."""
    quieten()
    torch.manual_seed(derive_seed(seed, "head"))
    folder = open_artefact(trunk)
    network, tokenizer = load_reward_model(folder, heads=1)
    pairs = training_pairs(preferences)
    check_length(network, max_length, folder)
    sides = []
    for side in ("chosen", "rejected"):
        rows, reading = encode_and_count(tokenizer, pairs.prompt, pairs[side], max_length)
        say(reading, max_length, f"{side} responses of {preferences}")
        sides.append(rows)
    with costs(state, measured, what=name) as notes:
        found = train_reward_model(
            network, tokenizer, *sides, settings, derive_seed(seed, "order"), state
        )
        notes["batch size"] = settings.batch_size
        notes["learning rate"] = settings.learning_rate
        notes["weight decay"] = settings.weight_decay
        notes["schedule"] = settings.schedule
        notes["epochs"] = settings.epochs
        notes["steps"] = len(found)
        notes["trainable parameters"] = sum(part.numel() for part in network.parameters())
    table = pd.DataFrame({"step": range(1, len(found) + 1), "loss": found.numpy()})
    write_csv(table, losses)
    save_model(network, tokenizer, model, manifest)


if __name__ == "__main__":
    main(train)
