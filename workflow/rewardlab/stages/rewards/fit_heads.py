"""Fits the ensemble's heads to cached features, and saves trunk and heads as one model.

The result is a Hugging Face folder with as many labels as heads.
"""

import json

import pandas as pd
from safetensors.torch import load_file

from rewardlab.data.manifest import open_artefact, write_manifest
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.heads import fit_ensemble
from rewardlab.rewards.trunk import last_layer, load_reward_model, set_heads
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.settings.rewards import EnsembleSettings
from rewardlab.settings.types import Seed


def schedule_of(settings: EnsembleSettings) -> dict[str, object]:
    """Return how the heads are trained, by the names of the paper's Table 4."""
    if settings.kind != "paper":
        return {"schedule": "none: to convergence"}
    paper = settings.paper
    return {
        "batch size": paper.batch_size,
        "learning rate": paper.learning_rate,
        "weight decay": paper.weight_decay,
        "schedule": "cosine",
        "epochs": paper.epochs,
    }


@stage
def fit_heads(
    model: Input,
    features: Input,
    ensemble: Output,
    manifest: Output,
    losses: Output,
    measured: Output,
    state: State,
    settings: EnsembleSettings,
    seeds: dict[str, Seed],
    pairs: Inputs = (),
) -> None:
    """Ensembles of heads on the frozen trunk, one from each seed; seeds: name -> seed.

    A single one is saved as the folder `ensemble`, several as its folders 0, 1, and so on. pairs: a
    choice of `choose_pairs`, which goes before the settings.
    """
    quieten()
    if pairs:
        number = json.loads(pairs[0].read_text())["pairs"]
        settings = settings.model_copy(update={"pairs": number})
    network, tokenizer = load_reward_model(open_artefact(model))
    trained = last_layer(network)[2].weight.detach()[0]
    sides = load_file(features)
    differences = sides["chosen"] - sides["rejected"]
    with costs(state, measured, what="ensemble of heads") as notes:
        fitted = [fit_ensemble(differences, settings, seed, trained) for seed in seeds.values()]
        notes |= schedule_of(settings)
        notes["steps"] = len(fitted[0].losses)
        notes["trainable parameters"] = fitted[0].weights.numel()
    tables = []
    for number, heads in enumerate(fitted):
        set_heads(network, heads.weights)
        folder = ensemble / str(number) if len(fitted) > 1 else ensemble
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        names = [f"head_{head}" for head in range(settings.heads)]
        table = pd.DataFrame(heads.losses.numpy(), columns=names)
        table.insert(0, "step", range(1, len(table) + 1))
        tables.append(table.assign(ensemble=number) if len(fitted) > 1 else table)
    write_manifest(manifest, ensemble)
    write_csv(pd.concat(tables), losses)


if __name__ == "__main__":
    main(fit_heads)
