"""Trains a process reward model on step labels: a token classifier with a class for each label.

Its folder loads by AutoModelForTokenClassification; `id2label` says which class is which label.
"""

import logging

import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.data.steps_table import steps_of_split
from rewardlab.rewards.process import classes_of, encode_steps
from rewardlab.rewards.texts import prepare_tokenizer
from rewardlab.rewards.trunk import check_length, save_model
from rewardlab.rewards.verifiers import new_token_model, train_tokens
from rewardlab.running.costs import costs
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.tokens import ProcessSettings
from rewardlab.settings.types import Seed

log = logging.getLogger("rewardlab")


@stage
def train(
    trunk: Input,
    steps: Input,
    model: Output,
    manifest: Output,
    measured: Output,
    state: State,
    settings: ProcessSettings,
    seed: Seed,
) -> None:
    """A process reward model from the training split of labelled steps."""
    quieten()
    folder = open_artefact(trunk)
    tokenizer = prepare_tokenizer(load_tokenizer(folder))
    solutions = steps_of_split(steps, "train")
    classes = classes_of(solutions)
    if len(classes) < 2:
        raise UserError(
            f"{steps} has steps with the label {', '.join(map(str, classes))} alone; expected two "
            "or more labels to tell apart."
        )
    torch.manual_seed(derive_seed(seed, "head"))
    network = new_token_model(folder, len(classes))
    check_length(network, settings.max_length, folder)
    network.config.id2label = {place: str(label) for place, label in enumerate(classes)}
    network.config.label2id = {str(label): place for place, label in enumerate(classes)}
    labelled = encode_steps(
        tokenizer, solutions, classes, settings.separator, settings.max_length, settings.inputs
    )
    log.log(
        logging.WARNING if 2 * labelled.cut > len(labelled.rows) else logging.INFO,
        "%d rows with %d labelled steps; %d are longer than %d tokens and lose their beginning",
        len(labelled.rows),
        len(labelled.steps),
        labelled.cut,
        settings.max_length,
    )
    with costs(state, measured, what="process reward model") as notes:
        order = derive_seed(seed, "order")
        train_tokens(
            network,
            tokenizer,
            labelled.rows,
            labelled.labels,
            settings.training,
            order,
            state / "training",
        )
        notes["rows"] = len(labelled.rows)
        notes["epochs"] = settings.training.epochs
        notes["batch size"] = settings.training.batch_size
        notes["learning rate"] = settings.training.learning_rate
    save_model(network, tokenizer, model, manifest)


if __name__ == "__main__":
    main(train)
