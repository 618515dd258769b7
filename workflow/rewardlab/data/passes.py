"""How transformers' Trainer reads batches, as the settings say and the graphics cards share
them."""

from typing import Any

from rewardlab.running.several_cards import share_of_batch
from rewardlab.settings.passes import PassesSettings


def passes_of(settings: PassesSettings) -> dict[str, Any]:
    """Return the Trainer's arguments; raises UserError if processes cannot share a batch."""
    rows = getattr(settings, settings.divided)
    return {
        "per_device_train_batch_size": share_of_batch(rows, settings.accumulation),
        "gradient_accumulation_steps": settings.accumulation,
        "gradient_checkpointing": settings.gradient_checkpointing,
        "bf16": settings.precision == "bfloat16",
    }
