"""Keeps the libraries' own progress bars and advice off the terminal; errors still come through."""

import sys


def quieten() -> None:
    """Silence transformers and datasets, if this stage has imported them."""
    if transformers := sys.modules.get("transformers"):
        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
    if datasets := sys.modules.get("datasets"):
        datasets.disable_progress_bars()
