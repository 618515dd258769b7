"""Reward models by each loss, from the same annotations, several times over.

In every trial annotators rank responses of the base model to training prompts. Pairs are drawn to
as many responses as the rankings have, and again to as many comparisons; their margins come from
the same utilities. All losses start from the same trunk and head, with as many responses in a step.
What the models are held to is the world's gold on responses to evaluation prompts. Columns of the
table: trial, loss, budget, accuracy, loss_nats, slope.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import detectable
from rewardlab.evaluation.trials import Trials
from rewardlab.running.libraries import quieten
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.book import HeldoutSettings, LossesSettings
from rewardlab.settings.rewards import Length, RewardModelSettings
from rewardlab.settings.types import Count, Seed
from rewardlab.settings.world import WorldSettings
from rewardlab.world.annotators import annotate
from rewardlab.world.gold import with_overall_gold

RESPONSES, COMPARISONS = "responses", "comparisons"
PAIRS, MARGIN, BALANCED, K_WISE = "bradley_terry", "margin", "balanced", "plackett_luce"
RANKED = (BALANCED, K_WISE)
# Of rankings the budgets are the same: pairs are drawn to them.
ARMS = [
    *((loss, budget) for budget in (RESPONSES, COMPARISONS) for loss in (PAIRS, MARGIN)),
    *((loss, "rankings") for loss in RANKED),
]


def annotations(
    responses: pd.DataFrame, settings: LossesSettings, seed: int
) -> dict[str, pd.DataFrame]:
    """Return the pairs of a trial by budget; those of rankings are all that follow from them."""
    count, size = settings.rankings, settings.size
    drawn = {
        "rankings": (count, size),
        RESPONSES: (count * size // 2, 2),
        COMPARISONS: (count * size * (size - 1) // 2, 2),
    }
    return {
        budget: annotate(responses, *how, np.random.default_rng(seed)).pairs(settings.margins)
        for budget, how in drawn.items()
    }


def settings_of(loss: str, model: RewardModelSettings, size: int) -> RewardModelSettings:
    """Return how a loss is trained: with as many responses in a step as a batch of pairs has."""
    batch = 2 * model.batch_size // size if loss in RANKED else model.batch_size
    return model.model_copy(update={"loss": loss, "batch_size": batch, "stop_loss": 0.0})


def gain(table: pd.DataFrame, column: str, first: tuple, second: tuple) -> Estimate:
    """Return the mean over trials of a column in the second arm (loss, budget) less the first."""
    by_arm = table.set_index(["loss", "budget", "trial"])[column].sort_index()
    difference = (by_arm[second] - by_arm[first]).to_numpy()
    return over_units(lambda rows: difference[rows].mean(), range(len(difference)))


def told(estimate: Estimate, scale: float, unit: str) -> str:
    scaled = Quantity(*(scale * part for part in estimate.quantity[:3]))
    return f"{scaled:.3g} {unit}"


def finding(table: pd.DataFrame, claim: str, compared: dict[str, tuple]) -> Finding:
    """Return what an arm adds to held-out accuracy over another; compared: names -> both arms."""
    gains, said = {}, []
    for name, arms in compared.items():
        accuracy, loss = (gain(table, column, *arms) for column in ("accuracy", "loss_nats"))
        gains[name] = accuracy.quantity
        said.append(
            f"{name}: {told(accuracy, 100, 'points of accuracy')} "
            f"({100 * detectable(accuracy):.2g} could be told from 0), "
            f"{told(loss, 1, 'nats of cross-entropy')}"
        )
    return Finding(claim, {"gain": gains}, ("gain", next(iter(gains))), "; ".join(said))


def claims_of(table: pd.DataFrame) -> list[Finding]:
    """Return B2b and B2d: what margins add, and the K-wise loss to all pairs."""
    margins = {
        f"as many {budget}": ((PAIRS, budget), (MARGIN, budget))
        for budget in (RESPONSES, COMPARISONS)
    }
    k_wise = {"the same rankings": ((BALANCED, "rankings"), (K_WISE, "rankings"))}
    return [finding(table, "B2b", margins), finding(table, "B2d", k_wise)]


def in_words(table: pd.DataFrame) -> Iterator[str]:
    """Yield what every arm measures."""
    for (loss, budget), rows in table.groupby(["loss", "budget"], sort=False):
        given = budget if budget == "rankings" else f"as many {budget}"
        yield (
            f"{loss.replace('_', ' ')}, {given}: held-out accuracy {share(rows.accuracy.mean())}, "
            f"cross-entropy {rows.loss_nats.mean():.4f} nats, calibration slope "
            f"{rows.slope.mean():.2f}."
        )


@stage
def compare_losses(
    trunk: Input,
    train: Input,
    evaluation: Input,
    table: Output,
    findings: Output,
    claims: Output,
    state: State,
    world: WorldSettings,
    settings: LossesSettings,
    heldout: HeldoutSettings,
    model: RewardModelSettings,
    max_length: Length,
    trials: Count,
    seed: Seed,
) -> None:
    """Held-out accuracy and calibration by loss; train, evaluation: responses of the base model."""
    quieten()
    bench = Trials(open_artefact(trunk), max_length, state)
    responses, others = (
        with_overall_gold(pd.read_parquet(file), world) for file in (train, evaluation)
    )
    held_to = bench.heldout(others, heldout.prompts, heldout.responses)
    rows = []
    for trial in progress(range(trials), "losses", trials):
        own = derive_seed(seed, "trial", trial)
        pairs = annotations(responses, settings, derive_seed(own, "annotations"))
        for loss, budget in ARMS:
            (found,) = bench.run(
                f"{trial}_{loss}_{budget}",
                pairs[budget],
                settings_of(loss, model, settings.size),
                own,
                held_to,
            )
            found["loss_nats"] = found.pop("loss")
            rows.append({"trial": trial, "loss": loss, "budget": budget, **found})
    measured = pd.DataFrame(rows)
    write_csv(measured, table)
    write_findings(claims_of(measured), claims)
    findings.write_text(" ".join(in_words(measured)) + "\n")


if __name__ == "__main__":
    main(compare_losses)
