"""The LSC-transformation beside others, over the rewards that the base model's responses have.

Utilities and their slopes, which are what a unit of reward is worth, against the reward less its
reference; and how the base's rewards to the evaluation prompts are spread there, by property. For
T5, whether any transformation changes the order of two responses to one prompt. For T3a, what the
sum of transformed rewards says of being good on all properties, beside gold.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from scipy.special import expit, log_expit

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.decisions import Quantity, exact
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.rewards.base_rewards import BaseSamples, read_base_samples
from rewardlab.rewards.saved_heads import ensemble_folders, head_weights
from rewardlab.rewards.transformations import TRANSFORMATIONS
from rewardlab.running.stage import Inputs, Output, main, stage

SPAN = np.linspace(-6, 4, 201)  # of rewards less their reference
BINS = np.linspace(-6, 4, 41)
FIFTHS = 5
WORTH = 0.5  # of a unit of reward, beyond which it is said to count


def lines() -> pd.DataFrame:
    """Return the utility and its slope of every transformation over SPAN; the reference is 0."""
    parts = []
    for name, transform in TRANSFORMATIONS.items():
        rewards = torch.tensor(SPAN, requires_grad=True)
        utility = transform(rewards, torch.zeros(()))
        (slope,) = torch.autograd.grad(utility.sum(), rewards)
        columns = {"x": SPAN, "utility": utility.detach().numpy(), "slope": slope.numpy()}
        parts.append(pd.DataFrame(columns).assign(panel="line", name=name))
    return pd.concat(parts)


def spread(centred: np.ndarray, name: str) -> pd.DataFrame:
    """Return the share of rewards in each of BINS; those beyond are counted in none."""
    counts, _ = np.histogram(centred, BINS)
    middle = (BINS[1:] + BINS[:-1]) / 2
    return pd.DataFrame(
        {"x": middle, "share": counts / centred.size, "panel": "base", "name": name}
    )


def inversions(rewards: np.ndarray, reference: np.ndarray, precision: torch.dtype) -> tuple:
    """Return how many pairs of one prompt any transformation turns round, ties, and all pairs.

    rewards: (P, N); reference: (P,). In double precision a pair that a transformation makes equal
    counts as a tie.
    """
    own, at = torch.from_numpy(rewards).to(precision), torch.from_numpy(reference).to(precision)
    turned = tied = pairs = 0
    for transform in TRANSFORMATIONS.values():
        for row, centre in zip(own, at, strict=True):
            before = (row[:, None] - row).sign()
            utility = transform(row, centre)
            after = (utility[:, None] - utility).sign()
            turned += int((before * after < 0).sum())
            tied += int(((before != 0) & (after == 0)).sum())
            pairs += int((before != 0).sum())
    return turned, tied, pairs


def ranking_finding(of_rewards: dict[str, tuple[np.ndarray, np.ndarray]]) -> Finding:
    """Return T5: the share of pairs that any transformation orders otherwise."""
    shares, ties = {}, {}
    for name, (rewards, reference) in of_rewards.items():
        for precision in (torch.float32, torch.float64):
            turned, tied, pairs = inversions(rewards, reference, precision)
            key = f"{name}, {str(precision).removeprefix('torch.')}"
            shares[key], ties[key] = exact(turned / max(pairs, 1)), tied / max(pairs, 1)
    evidence = "pairs of one prompt's responses that a transformation makes equal: " + ", ".join(
        f"{key} {share(value)}" for key, value in ties.items()
    )
    worst = max(shares, key=lambda key: shares[key].value)
    in_double = {key: exact(value) for key, value in ties.items() if key.endswith("float64")}
    quantities = {"share": shares, "ties in double precision": in_double}
    return Finding("T5", quantities, ("share", worst), evidence)


def conjunction_finding(said: np.ndarray, held: np.ndarray) -> Finding:
    """Return T3a, an illustration: what the sum of transformed rewards says, and what gold does.

    said: of responses, the exponential of the sum; held: the product over properties of gold's own
    probability of being preferred to the reference.
    """
    table = pd.DataFrame({"said": said.ravel(), "held": held.ravel()})
    fifths = table.groupby(pd.qcut(table.said, FIFTHS, labels=False, duplicates="drop"))
    pairs = ", ".join(
        f"{part.said.mean():.3f} where gold has {part.held.mean():.3f}" for _, part in fifths
    )
    evidence = (
        "rank correlation over the base model's responses; by fifths of them, the exponential of "
        "the LSC sum beside the product of gold's own probabilities of being preferred to the "
        f"references: {pairs}"
    )
    return Finding("T3a", {}, Quantity(float(table.corr("spearman").iloc[0, 1])), evidence)


@stage
def tabulate_utility(
    ensembles: Inputs,
    samples: Inputs,
    table: Output,
    findings: Output,
    claims: Output,
    references: dict[str, str],
) -> None:
    """Utilities, slopes and the base's rewards by the first head of each property's ensemble.

    ensembles, samples: of each property; references: by property.
    """
    parts, found, held = [lines()], {}, 1.0
    for (name, reference), manifest, file in zip(
        references.items(), ensembles, samples, strict=True
    ):
        base: BaseSamples = read_base_samples(file)
        head = head_weights(ensemble_folders(open_artefact(manifest))[0])[:1]
        found[name] = base.rewards(head)[0], base.references(reference, head)[0]
        held = held * expit(base.gold - base.gold_references(reference)[:, None])
        label = f"{name} less {reference}"
        parts.append(spread(found[name][0] - found[name][1][:, None], label))
    write_csv(pd.concat(parts, ignore_index=True), table)
    said = np.exp(sum(log_expit(rewards - at[:, None]) for rewards, at in found.values()))
    write_findings([conjunction_finding(said, held), ranking_finding(found)], claims)
    findings.write_text(" ".join(in_words(found, references)) + "\n")


def in_words(found, references: dict[str, str]) -> Iterator[str]:
    """Yield for how much of the base a unit of reward still counts."""
    for name, (rewards, reference) in found.items():
        centred = rewards - reference[:, None]
        slopes = expit(-centred)
        counting = slopes > WORTH
        yield (
            f"{name.capitalize()}, less {references[name]}: for {share(float(counting.mean()))} of "
            f"the base model's responses a unit of reward is worth more than {WORTH:g}, on average "
            f"{slopes.mean():.2f} (of the best tenth of each prompt "
            f"{best_tenth(slopes, rewards):.2f})."
        )


def best_tenth(slopes: np.ndarray, rewards: np.ndarray) -> float:
    """Return the mean slope over each prompt's highest tenth of rewards."""
    limit = np.quantile(rewards, 0.9, axis=1, keepdims=True)
    return float(slopes[rewards >= limit].mean())


if __name__ == "__main__":
    main(tabulate_utility)
