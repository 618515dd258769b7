"""What the forms of the loss say for the claims B1 and B2a: computed, nothing is trained."""

import numpy as np
import torch

from rewardlab.evaluation.decisions import exact
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.rewards.losses import bradley_terry_loss, plackett_luce_loss
from rewardlab.running.stage import Output, main, stage

REWARDS = np.linspace(-8.0, 8.0, 33)  # of either response
EXAMPLE = (2.0, 0.0)  # chosen, rejected


def as_printed(chosen: np.ndarray, rejected: np.ndarray) -> np.ndarray:
    """Return log(1 + e^(r_l) - e^(r_w)), the book's second form, NaN where it has no value."""
    with np.errstate(all="ignore"):
        return np.log(1 + np.exp(rejected) - np.exp(chosen))


def as_meant(chosen: np.ndarray, rejected: np.ndarray) -> np.ndarray:
    """Return log(1 + e^(r_l - r_w))."""
    return np.log(1 + np.exp(rejected - chosen))


def forms_finding() -> Finding:
    """Return B1: how far the second form, as printed and as meant, is from the first."""
    chosen, rejected = np.meshgrid(REWARDS, REWARDS)
    first = bradley_terry_loss(torch.from_numpy(chosen), torch.from_numpy(rejected)).numpy()
    printed, meant = (form(chosen, rejected) for form in (as_printed, as_meant))
    off = np.where(np.isnan(printed), np.inf, np.abs(printed - first))
    finite = off[np.isfinite(off)]
    quantities = {
        "difference of the printed form": {"largest": exact(float(finite.max()))},
        "difference of the meant form": {"largest": exact(float(np.abs(meant - first).max()))},
    }
    won, lost = EXAMPLE
    inside = 1 + np.exp(lost) - np.exp(won)
    evidence = (
        f"nats, where the printed form has a value: it has none at {np.isinf(off).sum()} of "
        f"{off.size} pairs of rewards from {REWARDS[0]:g} to {REWARDS[-1]:g}, as at r_w = {won:g}, "
        f"r_l = {lost:g}, the logarithm of {inside:.3f}; they agree on {(off < 1e-6).sum()}; "
        "log(1 + e^(r_l - r_w)) agrees with the first form on all"
    )
    return Finding("B1", quantities, ("difference of the printed form", "largest"), evidence)


def two_finding() -> Finding:
    """Return B2a: the K-wise loss of two responses less the pairwise one."""
    chosen, rejected = (torch.from_numpy(part.ravel()) for part in np.meshgrid(REWARDS, REWARDS))
    ranked = torch.stack([chosen, rejected], dim=1)
    k_wise = plackett_luce_loss(ranked, torch.ones_like(ranked, dtype=torch.bool))
    difference = float((k_wise - bradley_terry_loss(chosen, rejected)).abs().max())
    key = "difference at two responses", "largest"
    evidence = f"nats, over {len(chosen)} pairs of rewards from {REWARDS[0]:g} to {REWARDS[-1]:g}"
    return Finding("B2a", {key[0]: {key[1]: exact(difference)}}, key, evidence)


@stage
def judge_book(findings: Output) -> None:
    """What the forms of the loss say."""
    write_findings([forms_finding(), two_finding()], findings)


if __name__ == "__main__":
    main(judge_book)
