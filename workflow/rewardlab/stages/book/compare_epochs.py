"""What is lost by further epochs, and by comparisons of one prompt that are spread over batches.

Models on pairs, by the number of pairs; and models on all comparisons of rankings, kept together in
a batch or shuffled, with the same comparisons in a batch and the same updates. Both are measured
after every epoch at a constant learning rate, so that an epoch is what it would be as the last.
Columns of the table: panel (pairs or batches), arm, trial, epoch, accuracy, loss, slope,
training_loss.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import write_csv
from rewardlab.evaluation.transformed import detectable
from rewardlab.evaluation.trials import Trials
from rewardlab.running.libraries import quieten
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.book import BatchesSettings, EpochsSettings, HeldoutSettings
from rewardlab.settings.rewards import Length, RewardModelSettings
from rewardlab.settings.types import Count, Seed
from rewardlab.settings.world import WorldSettings
from rewardlab.world.annotators import annotate
from rewardlab.world.gold import with_overall_gold

PAIRS, BATCHES = "pairs", "batches"
TOGETHER, SPREAD = "kept together", "spread over batches"
NO_MARGINS = (0.0, 0.0, 0.0, 0.0)


def arms(
    settings: EpochsSettings, batches: BatchesSettings, model: RewardModelSettings
) -> Iterator[tuple[str, str, int, int, RewardModelSettings]]:
    """Yield panel, arm, the number and size of rankings, and how they are trained on."""
    fixed = {"schedule": "constant", "stop_loss": 0.0}
    for count in settings.pairs:
        update = {**fixed, "epochs": float(settings.epochs), "loss": "bradley_terry"}
        yield PAIRS, f"{count}", count, 2, model.model_copy(update=update)
    comparisons = batches.size * (batches.size - 1) // 2
    for arm, loss, size in (
        (TOGETHER, "balanced", batches.together),
        (SPREAD, "bradley_terry", batches.together * comparisons),
    ):
        update = {**fixed, "epochs": float(batches.epochs), "loss": loss, "batch_size": size}
        yield BATCHES, arm, batches.rankings, batches.size, model.model_copy(update=update)


def by_epoch(table: pd.DataFrame, panel: str, arm: str, column: str) -> NDArray[np.float64]:
    """Return a column of one arm by trial and epoch, (T, E)."""
    rows = table[table.panel.eq(panel) & table.arm.eq(arm)]
    return rows.pivot(index="trial", columns="epoch", values=column).to_numpy()


def lost_later(losses: NDArray[np.float64]) -> Estimate:
    """Return the loss at its least after the first epoch, less that after it, over trials (T, E).

    Where it is least is read from the other trials, so that noise is not what is picked.
    """

    def statistic(rows: NDArray[np.int64]) -> float:
        kept = losses[rows]
        others = (kept.sum(0) - kept)[:, 1:]
        best = others.argmin(1) + 1
        return float((kept[np.arange(len(kept)), best] - kept[:, 0]).mean())

    return over_units(statistic, range(len(losses)))


def epochs_finding(table: pd.DataFrame) -> Finding:
    """Return B4: what is lost where training goes on after the first epoch."""
    found, said = {}, []
    for arm in table[table.panel.eq(PAIRS)].arm.unique():
        losses = by_epoch(table, PAIRS, arm, "loss")
        estimate = lost_later(losses)
        found[f"{arm} pairs"] = estimate.quantity
        accuracy = by_epoch(table, PAIRS, arm, "accuracy").mean(0)
        said.append(
            f"{arm} pairs: cross-entropy least after epoch {losses.mean(0).argmin() + 1} of "
            f"{losses.shape[1]}, {losses.mean(0).min():.4f} nats, after the first "
            f"{losses.mean(0)[0]:.4f}, after the last {losses.mean(0)[-1]:.4f}; accuracy "
            f"{100 * accuracy[0]:.1f} %, best {100 * accuracy.max():.1f} % after epoch "
            f"{accuracy.argmax() + 1}, at last {100 * accuracy[-1]:.1f} %"
        )
    shown = max(found, key=lambda name: int(name.split()[0]))
    return Finding("B4", {"difference": found}, ("difference", shown), "; ".join(said))


def batches_finding(table: pd.DataFrame) -> Finding:
    """Return B2c: the gap between held-out and training loss, spread less kept together."""
    gaps, losses = {}, {}
    for arm in (TOGETHER, SPREAD):
        losses[arm] = by_epoch(table, BATCHES, arm, "loss")
        gaps[arm] = losses[arm] - by_epoch(table, BATCHES, arm, "training_loss")
    estimates = []
    for parts in (gaps, losses):
        difference = parts[SPREAD] - parts[TOGETHER]
        estimates.append(
            [
                over_units(
                    lambda rows, d=difference[:, epoch]: d[rows].mean(), range(len(difference))
                )
                for epoch in range(difference.shape[1])
            ]
        )
    by_number = {f"epoch {number}": one for number, one in enumerate(estimates[0], start=1)}
    said = "; ".join(
        f"{name}: gap {one:.4f} nats ({detectable(one):.2g} could be told from 0), held-out "
        f"cross-entropy {other:.4f}"
        for (name, one), other in zip(by_number.items(), estimates[1], strict=True)
    )
    quantities = {name: one.quantity for name, one in by_number.items()}
    return Finding(
        "B2c",
        {"difference of gaps": quantities},
        ("difference of gaps", list(quantities)[-1]),
        said,
    )


@stage
def compare_epochs(
    trunk: Input,
    train: Input,
    evaluation: Input,
    table: Output,
    findings: Output,
    claims: Output,
    state: State,
    world: WorldSettings,
    settings: EpochsSettings,
    batches: BatchesSettings,
    heldout: HeldoutSettings,
    model: RewardModelSettings,
    max_length: Length,
    trials: Count,
    seed: Seed,
) -> None:
    """Held-out loss over epochs; train, evaluation: responses of the base model."""
    quieten()
    bench = Trials(open_artefact(trunk), max_length, state)
    responses, others = (
        with_overall_gold(pd.read_parquet(file), world) for file in (train, evaluation)
    )
    held_to = bench.heldout(others, heldout.prompts, heldout.responses)
    parts = []
    for trial in progress(range(trials), "epochs", trials):
        own = derive_seed(seed, "trial", trial)
        for panel, arm, count, size, how in arms(settings, batches, model):
            rng = np.random.default_rng(derive_seed(own, "annotations"))
            pairs = annotate(responses, count, size, rng).pairs(NO_MARGINS)
            name = f"{trial}_{panel}_{arm}".replace(" ", "_")
            found = pd.DataFrame(bench.run(name, pairs, how, own, held_to, every_epoch=True))
            found.insert(0, "epoch", np.arange(1, len(found) + 1))
            parts.append(found.assign(panel=panel, arm=arm, trial=trial))
    measured = pd.concat(parts, ignore_index=True)
    write_csv(measured, table)
    claimed = [batches_finding(measured), epochs_finding(measured)]
    write_findings(claimed, claims)
    findings.write_text(". ".join(f"{one.id}: {one.evidence}" for one in claimed) + ".\n")


if __name__ == "__main__":
    main(compare_epochs)
