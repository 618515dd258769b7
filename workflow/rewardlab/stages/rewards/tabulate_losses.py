"""Figure 8: training losses of the single reward model and of the ensemble's heads."""

from pathlib import Path

import pandas as pd
import torch

from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.rewards.losses import smoothed
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.rewards import RewardModelSettings


def loss_table(single: pd.DataFrame, heads: pd.DataFrame, window: int) -> pd.DataFrame:
    """Return a row per model and step: model, head, step, loss, and its mean over the window."""
    names = [name for name in heads.columns if name.startswith("head_")]
    parts = [("single model", 0, single.step, single.loss)]
    for number, name in enumerate(names, 1):
        rows = heads[heads[name].notna()]  # whole models stop at different steps
        parts.append(("ensemble", number, rows.step, rows[name]))
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "model": model,
                    "head": head,
                    "step": steps,
                    "loss": losses,
                    "smoothed": smoothed(torch.tensor(losses.to_numpy()), window).numpy(),
                }
            )
            for model, head, steps, losses in parts
        ],
        ignore_index=True,
    )


def head_losses(paths: list[Path]) -> pd.DataFrame:
    """Return the losses by step of all heads, or of all members of an ensemble of whole models."""
    if len(paths) == 1:
        return read_csv(paths[0])
    losses = [read_csv(path).set_index("step").loss for path in paths]
    columns = {f"head_{number}": column for number, column in enumerate(losses)}
    return pd.DataFrame(columns).reset_index(names="step")


def findings_of(table: pd.DataFrame, settings: RewardModelSettings) -> str:
    """Return the caption's sentences: where the losses ended, and why."""
    last = table.groupby(["model", "head"]).smoothed.last()
    single, heads = last["single model"].iloc[0], last["ensemble"]
    steps = table.groupby("model").step.max()
    reached = "reached" if single <= settings.stop_loss else "not reached"
    return (
        f"The single model's loss, averaged over {settings.smoothing} steps, ended at "
        f"{single:.3f} after {steps['single model']} steps (the level to stop at, "
        f"{settings.stop_loss:g}, was {reached}); the heads' ended at {heads.min():.3f} to "
        f"{heads.max():.3f}, mean {heads.mean():.3f}.\n"
    )


@stage
def tabulate_losses(
    single: Input, heads: Inputs, table: Output, findings: Output, settings: RewardModelSettings
) -> None:
    """Figure 8: training losses of the single model and of the heads.

    heads: one table with a column for each head, or a table for each whole model.
    """
    losses = loss_table(read_csv(single), head_losses(heads), settings.smoothing)
    write_csv(losses, table)
    findings.write_text(findings_of(losses, settings))


if __name__ == "__main__":
    main(tabulate_losses)
