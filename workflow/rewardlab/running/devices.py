"""What a job computes on, and by which kernel: neither is part of what a result depends on."""

import fcntl
import logging
import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import TextIO

from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import process_count

log = logging.getLogger("rewardlab")

# How the workflow tells its jobs (rules/common.smk), so that no result hangs on it.
DEVICE = "REWARDLAB_DEVICE"
ATTENTION = "REWARDLAB_ATTENTION"
NVIDIA = Path("/proc/driver/nvidia/gpus")  # a folder for each card of the machine
_TAKEN: list[TextIO] = []  # locks of cards; the kernel drops them with the process


def take_device(environment: MutableMapping[str, str] = os.environ) -> None:
    """Leave one graphics card visible, or none, as the setting `device` says; say what was taken.

    One, since transformers' Trainer would spread a batch over all cards that it sees, which makes
    it larger; each of several processes of one training has one of its own in use. Does nothing in
    a stage without torch. Raises UserError if a card is demanded and none is there, or too few.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return
    wanted, count = environment.get(DEVICE, "auto"), process_count(environment)
    if wanted == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""
    elif count == 1:
        environment["CUDA_VISIBLE_DEVICES"] = free_card(cards_in_sight(environment))
    if torch.cuda.is_available():
        if count > torch.cuda.device_count():
            raise UserError(
                f"this job is to train on {count} graphics cards, as gpus says, but sees "
                f"{torch.cuda.device_count()}."
            )
        if count > 1:
            torch.cuda.set_device(int(environment["LOCAL_RANK"]))
        log.info("device: %s", torch.cuda.get_device_name())
        return
    if wanted == "cuda":
        raise UserError(
            "device is cuda, but this job sees no graphics card; expected one (a cluster gives it "
            "where gpus is 1), or device: auto."
        )
    log.info("device: the CPU%s", "; no graphics card is visible" if wanted == "auto" else "")


def cards_in_sight(environment: Mapping[str, str], driver: Path = NVIDIA) -> list[str]:
    """Return the graphics cards that a job may use: those it was given, or the machine's."""
    given = environment.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return given.split(",")
    count = len(list(driver.iterdir())) if driver.is_dir() else 1
    return [str(number) for number in range(count)]


def free_card(cards: Sequence[str], place: Path | None = None) -> str:
    """Return the first card that no other job of this user has taken, and take it till the end.

    If all are taken, as may be where jobs are given the same name for different cards, one is
    shared. place: where locks are.
    """
    if len(cards) == 1:
        return cards[0]
    for card in cards:
        name = f"rewardlab-{os.getuid()}-card-{card}.lock"
        lock = open((place or Path(gettempdir())) / name, "w")  # noqa: SIM115  held till the end
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _TAKEN.append(lock)
        return card
    return cards[os.getpid() % len(cards)]


def attention() -> dict[str, str]:
    """Return what transformers is to be told of the attention's kernel; nothing: its own choice."""
    wanted = os.environ.get(ATTENTION, "auto")
    return {} if wanted == "auto" else {"attn_implementation": wanted}
