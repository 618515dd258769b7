"""Where a stage's messages go: to its log file, or to standard error if it has none."""

import logging
import sys
from pathlib import Path

log = logging.getLogger("rewardlab")


def log_to(path: Path | None, silent: bool = False) -> None:
    """Send the package's messages, and the libraries' warnings, to the log file.

    Warnings of the package are said on standard error as well. Without a log file its messages go
    there, and the libraries' nowhere. Errors are left to the caller, who ends with them. silent:
    all of it goes nowhere.
    """
    logging.captureWarnings(True)
    root = logging.getLogger()
    for logger in (root, log):
        logger.handlers.clear()
    if silent:
        root.addHandler(logging.NullHandler())
        return
    spoken = logging.StreamHandler(sys.stderr)
    spoken.setFormatter(logging.Formatter("%(message)s"))
    spoken.setLevel(logging.INFO if path is None else logging.WARNING)
    spoken.addFilter(lambda message: message.levelno < logging.ERROR)
    log.addHandler(spoken)
    log.setLevel(logging.INFO)
    if path is None:
        root.addHandler(logging.NullHandler())
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
