"""One training on several graphics cards: a process for each, as torchrun and accelerate know it.

Every process runs the whole stage. The first one is the stage: it holds the locks, and publishes
what it wrote. The others are there for their share of every batch; they read the same files, are
silent, and what they write is thrown away.
"""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rewardlab.running.errors import UserError

PROCESSES = "REWARDLAB_PROCESSES"
"""Variable with the number of cards, and so of processes, of a training that can use several."""


def wanted_processes() -> int:
    """Return how many processes a training shall be, where it can be several."""
    return int(os.environ.get(PROCESSES) or 1)


def process_count() -> int:
    """Return of how many processes this one is part."""
    return int(os.environ.get("WORLD_SIZE", 1))


def is_follower() -> bool:
    """Return whether this process is there for its share of batches alone."""
    return int(os.environ.get("RANK", 0)) > 0


def run_as_several(module: str, arguments: Sequence[str], processes: int) -> int:
    """Run a stage once in each of several processes; return its exit status, 0 or 1.

    If one fails, the others are ended.
    """
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=str(os.getpid()),
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)("-m", module, *arguments)
    except ChildFailedError:
        return 1
    return 0


def share_of_batch(batch_size: int, accumulation: int = 1) -> int:
    """Return the part of a batch that a process reads at once; raises UserError if there is none.

    Training on several cards gives what it gives on one, but for the last digits.
    """
    parts = accumulation * process_count()
    if batch_size % parts:
        raise UserError(
            f"a batch of {batch_size} in {accumulation} parts on each of {process_count()} "
            f"graphics cards; expected a batch size that {parts} divides, or fewer under gpus."
        )
    return batch_size // parts


@contextmanager
def a_place_of_its_own(state: Path) -> Iterator[Path]:
    """Yield a folder for what a follower writes; it sees the checkpoints that the stage has."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "state").mkdir()
        for checkpoint in state.rglob("checkpoint-*"):
            seen = folder / "state" / checkpoint.relative_to(state)
            seen.parent.mkdir(parents=True, exist_ok=True)
            seen.symlink_to(checkpoint.resolve())
        yield folder
