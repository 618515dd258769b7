"""KL coefficients of an experiment's methods, and weights of its properties, without training.

A method's fixed points on samples of the base model to the training prompts, against the heads that
its policies are trained on, tell at which coefficient they spend a divergence on average. Weights
that are to be searched are those whose fixed points beat the base model most often on all
properties at once, by the same reward models. No gold reward is looked at.
"""

import json
from collections.abc import Mapping

import numpy as np

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.standing import beaten_on_all
from rewardlab.policies.matched_utilities import best_weights, coefficient_at, of_samples
from rewardlab.rewards.base_rewards import read_base_samples
from rewardlab.rewards.saved_heads import ensemble_folders, head_weights
from rewardlab.rewards.utilities import Utility
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.policies import MethodSettings
from rewardlab.settings.types import Count, Positive


@stage
def match_divergences(
    ensembles: Inputs,
    samples: Inputs,
    coefficients: Output,
    methods: dict[str, MethodSettings],
    references: dict[str, str],
    divergences: list[Positive],
    at: Positive | None,
    heads: Count,
) -> None:
    """Coefficients by method and divergence, and weights by method.

    ensembles, samples: of each property; references: by property; heads: of each ensemble that
    policies are trained against; at: the divergence that weights are searched
    at; none: none are.
    """
    rewards, taken = [], []
    for manifest, file, name in zip(ensembles, samples, references.values(), strict=True):
        base = read_base_samples(file)
        folders = ensemble_folders(open_artefact(manifest))
        weights = np.concatenate([head_weights(folder)[:heads] for folder in folders])
        rewards.append(base.rewards(weights))
        taken.append(base.references(name, weights))
    found = {
        name: matched(rewards, taken, method, divergences, at) for name, method in methods.items()
    }
    coefficients.write_text(json.dumps(found, indent=1) + "\n")


def matched(
    rewards: list[np.ndarray],
    references: list[np.ndarray],
    method: MethodSettings,
    divergences: list[float],
    at: float | None,
) -> Mapping[str, object]:
    """Return a method's weights, and its coefficients by divergence."""
    given = method.weights if isinstance(method.weights, tuple) else None
    utility = Utility(method.transform, method.combine, given)
    if method.weights == "search":
        stacked = np.stack(rewards)
        won = np.stack([beaten_on_all(of_head, of_head) for of_head in np.moveaxis(stacked, 1, 0)])
        weights, _ = best_weights(rewards, references, won, utility, at)
        utility = utility._replace(weights=weights)
    values = of_samples(rewards, references, utility)
    betas = {f"{wanted:g}": coefficient_at(values, wanted) for wanted in divergences}
    return {"weights": utility.weights, "betas": betas}


if __name__ == "__main__":
    main(match_divergences)
