"""Trains reward models of every kind on the same checked solutions, some times over.

Writes a folder with a Hugging Face folder for each, as <run>/<kind>. A model that is finished is
kept in the stage's state and not trained again.
"""

import logging
import shutil
import time

import pandas as pd

from rewardlab.data.manifest import open_artefact, write_manifest
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.rewards.kinds import KINDS, train_kind
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.outputs import published
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import VerifierSettings
from rewardlab.settings.types import Count, Seed

log = logging.getLogger("rewardlab")


@stage
def train_verifiers(
    model: Input,
    solutions: Input,
    models: Output,
    manifest: Output,
    measured: Output,
    state: State,
    settings: VerifierSettings,
    runs: Count,
    seed: Seed,
) -> None:
    """Every kind of reward model, from the language model and its checked solutions."""
    quieten()
    folder = open_artefact(model)
    tokenizer = load_tokenizer(folder)
    table = pd.read_parquet(solutions)
    table = table[table.split.eq("train")].reset_index(drop=True)
    wanted = [(run, kind) for run in range(runs) for kind in KINDS]
    with costs(state, measured, what="reward models on solutions") as notes:
        for run, kind in progress(wanted, "kinds of reward model", len(wanted)):
            finished, start = state / str(run) / kind, time.monotonic()
            if finished.exists():
                continue
            own = derive_seed(seed, "run", run)
            working = state / f"{run}_{kind}_training"
            found = train_kind(kind, folder, tokenizer, table, settings, own, working)
            finished.parent.mkdir(exist_ok=True)
            with published(finished) as partial:
                found.save_pretrained(partial)
                tokenizer.save_pretrained(partial)
            log.info("%s, run %d: %.1f s", kind, run, time.monotonic() - start)
        notes["models"] = len(wanted)
        notes["solutions"] = len(table)
        notes["epochs"] = settings.epochs
        notes["batch size"] = settings.batch_size
        notes["learning rate"] = settings.learning_rate
    for run in range(runs):
        shutil.copytree(state / str(run), models / str(run))
    write_manifest(manifest, models)


if __name__ == "__main__":
    main(train_verifiers)
