"""Trains the single reward model: a trunk with one logit, on preference pairs or on rankings."""

import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.fitting import fit_reward_model
from rewardlab.rewards.trunk import check_length, load_reward_model, save_model
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.rewards import Length, RewardModelSettings
from rewardlab.settings.types import Seed


@stage(several_cards=True)
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
    split: str = "train",
) -> None:
    """The whole trunk and one logit; name: what its cost is listed under; split: of the pairs."""
    quieten()
    torch.manual_seed(derive_seed(seed, "head"))
    folder = open_artefact(trunk)
    network, tokenizer = load_reward_model(folder, heads=1)
    pairs = pairs_of_split(preferences, split)
    check_length(network, max_length, folder)
    with costs(state, measured, what=name) as notes:
        order = derive_seed(seed, "order")
        found = fit_reward_model(
            network, tokenizer, pairs, settings, max_length, order, state, str(preferences)
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
