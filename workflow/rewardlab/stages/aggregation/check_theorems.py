"""Theorems 2.1 and 3.1 of Reward Model Aggregation, against models that were learned directly.

One trunk learns by cross-entropy, from the training prompts' responses, the logits of being good in
either property, in both and in any of them, with independent labels and with alike ones, and of
being preferred to the prompt's median response. On evaluation prompts the logits of both properties
are combined, and Bradley-Terry rewards taken raw and centred on the median, and held against the
directly learned logits by the cross-entropy that models are trained to minimise. Alike labels,
which break the theorem's assumption, show what the comparison can tell. The first two properties
are taken, and the world's gold rewards give the labels. Rows of the table: a response by panel and
series, x (combined or Bradley-Terry), y (learned), true.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.cross_entropy import calibration, difference, loss
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.chunks import rows_in_parts
from rewardlab.rewards.combinations import sigmoid_and, sigmoid_or
from rewardlab.rewards.pointwise import train_pointwise
from rewardlab.rewards.property_labels import NAMES, draw_labels, lower_medians, true_logits
from rewardlab.rewards.texts import encode
from rewardlab.rewards.trunk import forward, load_reward_model
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.aggregation import PointwiseSettings
from rewardlab.settings.rewards import FeatureSettings, Length
from rewardlab.settings.types import Seed
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold

SHOWN = 800  # responses of each series in the table
Logits = dict[str, np.ndarray]  # (P, M), by NAMES
ONE_WORLD = "one training run of each model"
COMBINED = {"AND": ("both", sigmoid_and), "OR": ("either", sigmoid_or)}


class Responses(NamedTuple):
    """Responses by prompt: their table, true rewards (P, M, 2), and the median's (P, 1, 2)."""

    table: pd.DataFrame
    gold: np.ndarray
    medians: np.ndarray

    def flat(self) -> list[np.ndarray]:
        """Return true rewards and medians row by row of the table, each (n, 2)."""
        return [part.reshape(-1, 2) for part in np.broadcast_arrays(self.gold, self.medians)]


class Rewards(NamedTuple):
    """A property's Bradley-Terry rewards (P, M), and their medians (P, 1) and (P, M).

    oracle: of the reference samples; predicted: from the prompt.
    """

    raw: np.ndarray
    oracle: np.ndarray
    predicted: np.ndarray


def training_responses(path: Path, world: WorldSettings, columns: list[str]) -> Responses:
    """Return the training prompts' responses."""
    table = with_gold(pd.read_parquet(path), world).sort_values("prompt_id", kind="stable")
    gold = table[columns].to_numpy().reshape(table.prompt_id.nunique(), -1, len(columns))
    return Responses(table, gold, lower_medians(gold)[:, None])


def evaluation_responses(pool: pd.DataFrame, columns: list[str], samples: int) -> Responses:
    """Return the pool's first responses to each prompt; medians are of the reference samples."""
    prompts = pool.prompt_id.nunique()
    found = []
    for use in ("pool", "reference"):
        rows = pool[pool.use.eq(use)].sort_values("prompt_id", kind="stable")
        table = rows.groupby("prompt_id", sort=False).head(samples) if use == "pool" else rows
        found.append((table, table[columns].to_numpy().reshape(prompts, -1, len(columns))))
    (table, gold), (_, reference) = found
    return Responses(table, gold, lower_medians(reference)[:, None])


class Checked(NamedTuple):
    """What was found of a theorem: claims, sentences, and points of the figure."""

    claims: list[Finding]
    lines: list[str]
    points: list[pd.DataFrame]


def check_combinations(learned: Logits, true: Logits, seed: int, resamples: int) -> Checked:
    """Return A6a: combined logits against directly learned ones, by kind of labels."""
    parts = torch.stack([torch.from_numpy(learned[name]) for name in NAMES[:2]], -1)
    found: dict[str, dict[str, Quantity]] = {"": {}, ", alike": {}}
    lines, points = [], []
    for metric, (label, combine) in COMBINED.items():
        combined = combine(parts).numpy()
        for ending, by_metric in found.items():
            own, real = learned[label + ending], true[label + ending]
            by_metric[metric] = difference(combined, own, real, seed, resamples)
            words = "alike labels" if ending else "independent labels"
            lines.append(
                f"{metric}, {words}: the combined logits have {by_metric[metric]:.3f} nats "
                f"more cross-entropy than the learned ones, which have "
                f"{(loss(own, real) - loss(real, real)).mean():.4f} more than the true ones."
            )
            points.append(_points("combined", f"{metric}, {words}", combined, own, real, seed))
    independent, alike = found.values()
    worst = max(independent, key=lambda metric: independent[metric].value)
    also = ", ".join(f"{metric} {quantity:.3f}" for metric, quantity in alike.items())
    evidence = f"nats, {worst} with independent labels; with alike ones: {also}; {ONE_WORLD}"
    quantities = {"excess": independent, "excess with alike labels": alike}
    finding = Finding("A6a", quantities, ("excess", worst), evidence)
    return Checked([finding], lines, points)


def check_centring(
    rewards: dict[str, Rewards], learned: Logits, true: Logits, seed: int, resamples: int
) -> Checked:
    """Return A6b and A6c: Bradley-Terry rewards against "preferred to the median response"."""
    gains, slopes, lines, points = {}, {}, [], []
    also, learned_slopes = [], []
    for (name, (raw, oracle, predicted)), label in zip(rewards.items(), NAMES[-2:], strict=True):
        own, real = learned[label], true[label]
        near = {
            "raw": raw - (raw - real).mean(),
            "centred": raw - oracle,
            "centred by prediction": raw - predicted,
        }
        gains[name] = difference(near["raw"], near["centred"], real, seed, resamples)
        lines_of = {how: calibration(part, expit(real)) for how, part in near.items()}
        slopes[name] = lines_of["centred"].slope
        scaled = [
            line.intercept + line.slope.value * near[how]
            for how, line in lines_of.items()
            if how in ("raw", "centred")
        ]
        beside = difference(*scaled, real, seed, resamples)
        also.append(f"{name} {beside:.3f}")
        own_slope = calibration(near["centred"], expit(own)).slope
        told = ", ".join(
            f"{how} {(loss(part, real) - loss(real, real)).mean():.4f}"
            for how, part in {**near, "learned directly": own}.items()
        )
        lines.append(
            f"{name}: cross-entropy of being preferred to the median response, in nats over that "
            f"of the true logit: Bradley-Terry reward {told}; centring takes off "
            f"{gains[name]:.3f}, and {beside:.3f} where scale and constant of both are "
            f"free; calibration slope of the centred reward {slopes[name]:.3f}, to the "
            f"learned logit {own_slope:.3f}."
        )
        learned_slopes.append(f"{name} {own_slope:.3f}")
        for how in ("raw", "centred"):
            points.append(_points("Bradley-Terry", f"{name}, {how}", near[how], own, real, seed))
    least = min(gains, key=lambda name: gains[name].value)
    by_property = ", ".join(f"{name} {found:.3f}" for name, found in gains.items())
    evidence = (
        f"{by_property}; where scale and constant of both are free: {', '.join(also)}; {ONE_WORLD}"
    )
    gained = Finding("A6b", {"gain of centring": gains}, ("gain of centring", least), evidence)
    furthest = max(slopes, key=lambda name: abs(np.log(slopes[name].value)))
    each = ", ".join(f"{name} {found:.3f}" for name, found in slopes.items())
    evidence = (
        f"calibration slopes to the true probabilities: {each}; to the learned logits: "
        f"{', '.join(learned_slopes)}; {ONE_WORLD}"
    )
    sloped = Finding("A6c", {"slope": slopes}, ("slope", furthest), evidence)
    return Checked([gained, sloped], lines, points)


def rewards_of(pool: pd.DataFrame, held_out: Responses, name: str) -> Rewards:
    """Return a property's Bradley-Terry rewards of the held-out responses, and their medians."""
    shape = held_out.gold.shape[:2]
    raw, predicted = (
        held_out.table[column].to_numpy(float).reshape(shape)
        for column in (name, f"{name}_predict_median")
    )
    reference = pool[pool.use.eq("reference")].sort_values("prompt_id", kind="stable")
    of_prompt = reference[name].to_numpy(float).reshape(shape[0], -1)
    return Rewards(raw, np.median(of_prompt, axis=1, keepdims=True), predicted)


@stage
def check_theorems(
    trunk: Input,
    train: Input,
    evaluation: Input,
    pool: Input,
    table: Output,
    findings: Output,
    claims: Output,
    state: State,
    world: WorldSettings,
    settings: PointwiseSettings,
    features: FeatureSettings,
    max_length: Length,
    properties: list[str],
    resamples: int,
    seed: Seed,
) -> None:
    """A6a to A6c; train: responses; evaluation: the same of evaluation prompts, whose rewards and
    references the pool has.
    """
    quieten()
    names = properties[:2]
    columns = [f"gold_{name}" for name in names]
    texts = pd.read_parquet(evaluation)[["prompt_id", "response_id", "prompt", "response"]]
    everything = pd.read_parquet(pool).merge(texts, on=["prompt_id", "response_id"])
    seen = training_responses(train, world, columns)
    held_out = evaluation_responses(everything, columns, settings.samples)

    torch.manual_seed(derive_seed(seed, "heads"))
    model, tokenizer = load_reward_model(open_artefact(trunk), heads=len(NAMES))
    rng = np.random.default_rng(derive_seed(seed, "labels"))
    labels = draw_labels(*seen.flat(), settings.alike, rng)
    rows = encode(tokenizer, seen.table.prompt, seen.table.response, max_length)
    order = derive_seed(seed, "order")
    train_pointwise(model, tokenizer, rows, labels, settings, order, str(state / "trainer"))

    rows = encode(tokenizer, held_out.table.prompt, held_out.table.response, max_length)
    logits = rows_in_parts(
        lambda part: forward(model, tokenizer, part),
        rows,
        features.batch_size,
        len(rows),
        state / "logits",
        "pointwise",
    )
    learned, true = (
        dict(zip(NAMES, values.T.reshape(-1, *held_out.gold.shape[:2]), strict=True))
        for values in (logits.double().numpy(), true_logits(*held_out.flat(), settings.alike))
    )
    rewards = {name: rewards_of(everything, held_out, name) for name in names}
    checked = (
        check_combinations(learned, true, seed, resamples),
        check_centring(rewards, learned, true, seed, resamples),
    )
    write_csv(pd.concat([part for found in checked for part in found.points]), table)
    findings.write_text("\n\n".join(line for found in checked for line in found.lines) + "\n")
    write_findings([finding for found in checked for finding in found.claims], claims)


def _points(panel: str, series: str, x, y, true, seed: int) -> pd.DataFrame:
    """Return some responses of a series, drawn at random."""
    rows = np.random.default_rng(seed).permutation(x.size)[:SHOWN]
    values = {"x": x.ravel()[rows], "y": y.ravel()[rows], "true": true.ravel()[rows]}
    return pd.DataFrame({"panel": panel, "series": series, **values})


if __name__ == "__main__":
    main(check_theorems)
