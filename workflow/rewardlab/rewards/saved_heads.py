"""Heads of reward models on disk, read without the models."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from rewardlab.running.errors import UserError

# What architectures call the weights of their last layer.
LAST_LAYERS = ("score.weight", "classifier.weight", "classifier.out_proj.weight")
WHOLE, PARTS = "model.safetensors", "model.safetensors.index.json"


def ensemble_folders(folder: Path) -> list[Path]:
    """Return the folders of several ensembles, called 0, 1, and so on; or the one that it is."""
    several = [part for part in folder.iterdir() if part.is_dir()]
    return sorted(several, key=lambda part: int(part.name)) or [folder]


def head_weights(folder: Path) -> NDArray[np.float32]:
    """Return the heads (K, H) of a reward model; raises UserError if there are none."""
    index = folder / PARTS
    if index.exists():  # a model in several files
        places = json.loads(index.read_text())["weight_map"]
    else:
        with safe_open(folder / WHOLE, "numpy") as file:
            places = dict.fromkeys(file.keys(), WHOLE)
    found = [name for name in LAST_LAYERS if name in places]
    if not found:
        raise UserError(f"{folder} has no reward heads; expected one of {', '.join(LAST_LAYERS)}.")
    with safe_open(folder / places[found[-1]], "pt") as file:  # numpy has no bfloat16
        return file.get_tensor(found[-1]).float().numpy()
