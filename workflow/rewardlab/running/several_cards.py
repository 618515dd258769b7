"""One training on several graphics cards: a process for each, as torchrun and accelerate know it.

Every process runs the whole stage. The first one is the stage: it holds the locks, and publishes
what it wrote. The others are there for their share of every batch; they read the same files, are
silent, and leave when the training is over. What goes wrong in one of them is said by their
launcher.
"""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rewardlab.running.errors import UserError

PROCESSES = "REWARDLAB_PROCESSES"
"""Variable with the number of cards, and so of processes, of a training that can use several."""
LAUNCHED = "REWARDLAB_LAUNCHED"
"""Variable that tells a process that it is one of several: the folder for what they have to say."""


class Done(BaseException):
    """A follower's share is done."""


def wanted_processes() -> int:
    """Return how many processes a training shall be, where it can be several."""
    return max(1, int(os.environ.get(PROCESSES) or 1))


def process_count(environment: Mapping[str, str] = os.environ) -> int:
    """Return of how many processes this one is part."""
    return int(environment["WORLD_SIZE"]) if LAUNCHED in environment else 1


def is_follower() -> bool:
    """Return whether this process is there for its share of batches alone."""
    return LAUNCHED in os.environ and int(os.environ["RANK"]) > 0


def leave_if_follower() -> None:
    """End a process whose share is done, which has nothing to write."""
    if is_follower():
        raise Done


def run_as_several(name: str, module: str, arguments: Sequence[str], processes: int) -> int | str:
    """Run a stage once in each of several processes; if one fails, the others are ended.

    Returns its exit status, or what is to be said where the first process said nothing.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
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
        local_addr="127.0.0.1",
        max_restarts=0,
    )
    with TemporaryDirectory() as place:
        os.environ |= {LAUNCHED: place, "TORCH_CPP_LOG_LEVEL": "ERROR"}
        try:
            elastic_launch(config, sys.executable)("-m", module, *arguments)
        except SignalException:
            return f"{name} was interrupted."
        except ChildFailedError as error:
            return _said(name, error.failures, Path(place), processes)
    return 0


def _said(name: str, failures: Mapping[int, Any], place: Path, processes: int) -> int | str:
    """Return what a failed process says, in case it is not the first, which speaks for itself."""
    if 0 in failures and failures[0].exitcode > 0:
        return 1
    ended = {rank: one for rank, one in failures.items() if one.exitcode == -signal.SIGTERM}
    causes = {rank: one for rank, one in failures.items() if rank not in ended} or ended
    rank, failure = min(causes.items(), key=lambda entry: entry[1].timestamp)
    whose = f"process {rank + 1} of {processes}"
    if (place / str(rank)).exists():
        return f"{name}: {(place / str(rank)).read_text()} (in {whose})"
    return f"{name}: {whose} was ended by signal {-failure.exitcode}, and so were the others."


def tell_launcher(text: str) -> None:
    """Leave a sentence of a follower for its launcher."""
    (Path(os.environ[LAUNCHED]) / os.environ["RANK"]).write_text(text)


def end_with_launcher() -> None:
    """Have this process end where its launcher is killed, as far as the system can (Linux)."""
    if LAUNCHED in os.environ:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def share_of_batch(batch_size: int, accumulation: int = 1) -> int:
    """Return the part of a batch that a process reads at once; raises UserError if there is none.

    Training on several cards gives what it gives on one, but for the last digits, and for an
    incomplete batch at the end of an epoch, which is filled up with rows of its beginning.
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
        with suppress(Done):
            yield folder
