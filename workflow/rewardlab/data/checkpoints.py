"""Checkpoints of transformers' Trainer: safetensors and JSON, and only those that are whole."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import TrainerCallback

COMPLETE = "complete"  # a file that marks a checkpoint as wholly written
GENERATORS = "generators.safetensors"


class MarkComplete(TrainerCallback):
    """Mark every checkpoint that is wholly written."""

    def on_save(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / COMPLETE).touch()


class SafeCheckpoints:
    """What makes a Trainer's checkpoints safetensors and JSON; stands before it among the bases.

    Of random generators only torch's are kept, which dropout draws from: the order of the data is
    repeated by the Trainer from its seed.
    """

    def _save(self, output_dir: str | None = None, state_dict=None) -> None:
        folder = output_dir or self.args.output_dir
        self.model.save_pretrained(folder, state_dict=state_dict)
        self.processing_class.save_pretrained(folder)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.args.should_save:
            return
        state = self.optimizer.state_dict()
        tensors, numbers = {}, {}
        for index, values in state["state"].items():
            for name, value in values.items():
                kept = tensors if isinstance(value, Tensor) else numbers
                kept[f"{index}.{name}"] = value
        save_file(tensors, Path(output_dir) / "optimizer.safetensors")
        text = {
            "numbers": numbers,
            "groups": state["param_groups"],
            "schedule": self.lr_scheduler.state_dict(),
        }
        kept = json.dumps(text, default=lambda value: None)
        (Path(output_dir) / "optimizer.json").write_text(kept)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        tensors = load_file(Path(checkpoint) / "optimizer.safetensors")
        text = json.loads((Path(checkpoint) / "optimizer.json").read_text())
        state: dict[int, dict[str, object]] = {}
        for key, value in (tensors | text["numbers"]).items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        self.optimizer.load_state_dict({"state": state, "param_groups": text["groups"]})
        self.lr_scheduler.load_state_dict(
            {name: value for name, value in text["schedule"].items() if value is not None}
        )

    def _save_rng_state(self, output_dir: str) -> None:
        if not self.args.should_save:
            return
        states = {"cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            states["cuda"] = torch.cuda.get_rng_state()
        save_file(states, Path(output_dir) / GENERATORS)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        states = load_file(Path(checkpoint) / GENERATORS)
        torch.set_rng_state(states["cpu"])
        if "cuda" in states and torch.cuda.is_available():
            torch.cuda.set_rng_state(states["cuda"])

    def create_model_card(self, *args, **kwargs) -> None:
        pass


def last_checkpoint(state: Path) -> str | None:
    """Return the latest checkpoint that was wholly written, or None."""
    found = [marker.parent for marker in state.glob(f"checkpoint-*/{COMPLETE}")]
    latest = max(found, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
    return None if latest is None else str(latest)
