"""What a job computes on, and by which kernel: neither is part of what a result depends on."""

import logging
import os
import sys
from collections.abc import MutableMapping

from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import process_count

log = logging.getLogger("rewardlab")

# How the workflow tells its jobs (rules/common.smk), so that no result hangs on it.
DEVICE = "REWARDLAB_DEVICE"
ATTENTION = "REWARDLAB_ATTENTION"


def take_device(environment: MutableMapping[str, str] = os.environ) -> None:
    """Leave one graphics card visible, or none, as the setting `device` says; say what was taken.

    One, or of several processes one each: transformers' Trainer would spread a batch over all cards
    that it sees, which makes it larger. Does nothing in a stage without torch. Raises UserError if
    a card is demanded and none is there.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return
    wanted = environment.get(DEVICE, "auto")
    several = process_count() > 1
    cards = environment.get("CUDA_VISIBLE_DEVICES", "0")
    if not several or wanted == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "" if wanted == "cpu" else cards.split(",")[0]
    if torch.cuda.is_available():
        if several:
            torch.cuda.set_device(int(environment["LOCAL_RANK"]) % torch.cuda.device_count())
        log.info("device: %s", torch.cuda.get_device_name())
        return
    if wanted == "cuda":
        raise UserError(
            "device is cuda, but this job sees no graphics card; expected one (a cluster gives it "
            "where gpus is 1), or device: auto."
        )
    log.info("device: the CPU%s", "; no graphics card is visible" if wanted == "auto" else "")


def attention() -> dict[str, str]:
    """Return what transformers is to be told of the attention's kernel; nothing: its own choice."""
    wanted = os.environ.get(ATTENTION, "auto")
    return {} if wanted == "auto" else {"attn_implementation": wanted}
