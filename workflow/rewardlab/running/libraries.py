"""Keeps the libraries' own progress bars and advice off the terminal; errors still come through."""

import os
import sys


def quieten() -> None:
    """Silence transformers and datasets, if this stage has imported them; take one graphics card.

    transformers' Trainer would spread a batch over all cards that it sees, which makes it larger.
    """
    cards = os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    os.environ["CUDA_VISIBLE_DEVICES"] = cards.split(",")[0]
    if transformers := sys.modules.get("transformers"):
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
    if datasets := sys.modules.get("datasets"):
        datasets.disable_progress_bars()
