"""Fixed points of an experiment's methods on samples of the base model, over paths of coefficients.

Many heads of each property are drawn; against each, a method's policy at a coefficient is a weight
for every sample. Best-of-k is such a weight too, exact over all subsets; it stands at its upper
bound of the divergence. For one reward every increasing transformation chooses alike, and only one
is traced. Rows and columns are those of `judge`, without halves: there is no noise of responses in
them. `reference` says what rewards refer to: the experiment's own references, or, for the
LSC-transformation, others tried in their place.
"""

import json

import numpy as np
import pandas as pd
from safetensors.torch import load_file

from rewardlab.evaluation.bestofk import kl_bound, selection_shares
from rewardlab.evaluation.sources import BEST, EXACT
from rewardlab.evaluation.standing import GOLD, MODEL, base_of, standings
from rewardlab.evaluation.transformed import (
    OWN,
)
from rewardlab.policies.matched_utilities import (
    coefficient_at,
    largest_divergence,
    of_samples,
    tilted,
)
from rewardlab.policies.names import LSC, REFERENCE
from rewardlab.rewards.base_rewards import gold_rewards, read_base_samples
from rewardlab.rewards.heads import fit_ensemble
from rewardlab.rewards.utilities import Utility
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.aggregation import Sizes
from rewardlab.settings.policies import MethodSettings
from rewardlab.settings.rewards import EnsembleSettings
from rewardlab.settings.types import Count, Positive, Seed
from rewardlab.world.usage import usage

REACH = 0.9  # of the largest divergence that there is on the samples, which paths go up to
BEYOND = 1.3  # how far a path goes beyond the divergences that are asked for


def drawn_heads(
    features: list, ensemble: EnsembleSettings, count: int, names: list[str], seed: int
) -> list[np.ndarray]:
    """Return heads (count, H) of each property, every one of a draw of its own."""
    found = []
    for file, name in zip(features, names, strict=True):
        sides = load_file(file)
        differences = sides["chosen"] - sides["rejected"]
        numbers = progress(range(count), f"fitting heads, {name}", count)
        one = ensemble.model_copy(update={"heads": 1})
        weights = [
            fit_ensemble(differences, one, derive_seed(seed, name, number)).weights[0].numpy()
            for number in numbers
        ]
        found.append(np.stack(weights))
    return found


@stage
def trace(
    features: Inputs,
    learnt: Inputs,
    samples: Inputs,
    texts: Input,
    coefficients: Input,
    paths: Output,
    ensemble: EnsembleSettings,
    methods: dict[str, MethodSettings],
    references: dict[str, str],
    others: list[str],
    divergences: list[Positive],
    draws: Count,
    points: Count,
    k: Sizes,
    seed: Seed,
) -> None:
    """Fixed points by method, draw of heads, coefficient and evaluation prompt.

    features: of each property's preference pairs; learnt, samples: of the base model to training
    and evaluation prompts; texts: of the latter; references: by property; others: further ones,
    each tried for all properties; divergences: of the experiment's policies, beyond which paths go;
    draws: of heads; points: coefficients of a path; k: of best-of-k.
    """
    names = list(references)
    of_training, asked = ([read_base_samples(path) for path in part] for part in (learnt, samples))
    heads = drawn_heads(features, ensemble, draws, names, seed)
    used = usage(pd.read_parquet(texts).query("use == 'base'").response.tolist())
    shape = asked[0].features.shape[:2]
    common = {name: values.reshape(shape) for name, values in used.items()}
    if (gold := gold_rewards(asked)) is not None:
        common |= standings(gold, base_of(gold), GOLD, names)
    matched = json.loads(coefficients.read_text())
    variants = [(name, OWN) for name in methods] + [
        (LSC, other) for other in others if LSC in methods
    ]
    first = next(iter(methods))
    ends = [end * by for end, by in ((min(divergences), 1 / BEYOND), (max(divergences), BEYOND))]
    betas: dict[tuple[str, str], np.ndarray] = {}
    parts = []
    for draw in progress(range(draws), "fixed points", draws):
        own = [part[draw : draw + 1] for part in heads]
        rewards = np.stack([b.rewards(w)[0] for b, w in zip(asked, own, strict=True)])
        columns = common | standings(rewards, base_of(rewards), MODEL, names)
        stacked = np.stack(list(columns.values()))
        of_base = pd.DataFrame({name: values.mean(1) for name, values in columns.items()})
        of_base = of_base.assign(prompt_id=range(len(of_base)), kl=0.0, source=EXACT, point=0)
        parts.append(of_base.assign(method=REFERENCE, reference=OWN, ensemble=draw))
        for method, other in variants:
            weights = matched[method]["weights"]
            utility = Utility(
                methods[method].transform,
                methods[method].combine,
                None if weights is None else tuple(weights),
            )
            taken = [
                part.references(references[name] if other == OWN else other, w, train)[0]
                for name, part, train, w in zip(names, asked, of_training, own, strict=True)
            ]
            values = of_samples(list(rewards), taken, utility)
            if (method, other) not in betas:  # the same for all draws, from what the first one has
                largest = REACH * largest_divergence(values)
                limits = [coefficient_at(values, min(end, largest)) for end in ends]
                betas[method, other] = np.geomspace(*limits, points)
            place = {"method": method, "reference": other, "ensemble": draw}
            policies = [
                (EXACT, point, policy.probabilities, policy.kl)
                for point, policy in enumerate(
                    tilted(values, beta) for beta in betas[method, other]
                )
            ]
            if other == OWN and (len(names) > 1 or method == first):
                bound = kl_bound(np.array(k))
                best = zip(k, best_of(values, np.array(k)), bound, strict=True)
                policies += [(BEST, *of_size) for of_size in best]
            for source, point, probabilities, kl in policies:
                found = np.einsum("pn,qpn->qp", probabilities, stacked)
                rows = pd.DataFrame(dict(zip(columns, found, strict=True)))
                rows = rows.assign(prompt_id=range(len(rows)), kl=kl, source=source, point=point)
                parts.append(rows.assign(**place))
    pd.concat(parts, ignore_index=True).to_parquet(paths, index=False)


def best_of(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the probability (K, P, N) of each sample to be the best of k, over all subsets.

    values: (P, N), by which the best is chosen; equal ones are taken in any order.
    """
    count = values.shape[-1]
    by_rank = np.diff(selection_shares(count, sizes), axis=1)  # (K, N), from the lowest
    ranks = values.argsort(-1).argsort(-1)
    return by_rank[:, ranks]


if __name__ == "__main__":
    main(trace)
