"""PPO's fixed points against many ensembles, over a path of KL coefficients, exactly.

Each ensemble of heads is fitted to pairs that it draws, and each of its heads has a policy by every
weighting of the penalty: vanilla's, and sigma^p with sigma of the ensemble's heads, divided by its
mean over base samples. As controls sigma is also taken of the heads of all ensembles together
(`known`), and shuffled over the responses to a prompt (`shuffled`). A policy is a weight for each
sample of the base model; halves of the samples are weighted apart, so that their covariance over
policies is a variance without the noise of the samples. A row for each policy and coefficient.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from safetensors.numpy import load_file

from rewardlab.evaluation.tables import write_csv
from rewardlab.policies.base_samples import Samples
from rewardlab.policies.names import VANILLA
from rewardlab.policies.reweighting import path
from rewardlab.rewards.heads import fit_ensemble
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.regimes import RegimeHeadsSettings
from rewardlab.settings.rewards import EnsembleSettings
from rewardlab.settings.types import Count, Positive, Seed

# Divergences that Gaussian rewards would have on the path, in nats.
PATH = np.geomspace(0.05, 36.0, 7)
ENSEMBLE, KNOWN, SHUFFLED = "ensemble", "known", "shuffled"


def weightings(
    rewards: np.ndarray, known: np.ndarray | None, exponents: list[float], rng
) -> Iterator[tuple[str, float, np.ndarray]]:
    """Yield name, exponent and weights of every weighting.

    known: sigma for the controls, of the first exponent; none: without them.
    """
    yield VANILLA, 0.0, np.ones_like(rewards[0, ..., :1])
    sigma = rewards.std(0, ddof=1)
    for exponent in exponents:
        yield ENSEMBLE, exponent, (sigma / sigma.mean()) ** exponent
    if known is not None:
        first = exponents[0]
        yield KNOWN, first, (known / known.mean()) ** first
        yield SHUFFLED, first, (rng.permuted(sigma, axis=-1) / sigma.mean()) ** first


def traced(samples: Samples, ensemble: np.ndarray, known, exponents, betas, rng) -> pd.DataFrame:
    """Return a row for each head, weighting and coefficient.

    Columns: kl and effective (of each half's samples) by prompt on average, and the mean of every
    gold reward in either half, as <name>_0 and <name>_1.
    """
    rewards = samples.rewards(ensemble)
    rows = []
    for name, exponent, weights in weightings(rewards, known, exponents, rng):
        for head, of_head in enumerate(rewards):
            for beta, found in zip(betas, path(of_head, weights, betas), strict=True):
                row = {"sigma": name, "exponent": exponent, "head": head, "beta": beta}
                row |= {"kl": found.kl.mean(), "effective": found.effective.mean()}
                for gold, values in samples.gold.items():
                    halves = np.einsum("hpn,hpn->h", found.probabilities, values)
                    row |= dict(
                        zip((f"{gold}_0", f"{gold}_1"), halves / values.shape[1], strict=True)
                    )
                rows.append(row)
    return pd.DataFrame(rows)


def described(samples: Samples, ensembles: np.ndarray) -> dict[str, float]:
    """Return how noisy the heads (E, K, H) are, and how uneven their sigma is, within prompts.

    noise: of a head's rewards about the mean of all heads; signal: the deviation of that mean over
    responses; uneven: sigma's coefficient of variation, of the first ensemble's heads and of all.
    """
    flat = ensembles.reshape(-1, ensembles.shape[-1])
    within = samples.features - samples.features.mean((0, 2), keepdims=True)
    spread = np.cov(flat.T)
    noise = np.einsum("hpni,ij,hpnj->", within, spread.astype(np.float32), within, optimize=True)
    signal = (within @ flat.mean(0)).std()
    return {
        "noise": float(np.sqrt(noise / within[..., 0].size)),
        "signal": float(signal),
        "uneven": float(_variation(samples.rewards(ensembles[0]).std(0, ddof=1))),
        "uneven_known": float(_variation(samples.deviation(flat))),
    }


def _variation(sigma: np.ndarray) -> float:
    by_prompt = np.concatenate([*sigma], axis=-1)
    return (by_prompt.std(-1) / by_prompt.mean(-1)).mean()


@stage
def trace_fixed_points(
    samples: Input,
    features: Input,
    paths: Output,
    heads: Output,
    ensemble: EnsembleSettings,
    settings: RegimeHeadsSettings,
    ensembles: Count,
    exponents: list[Positive],
    seed: Seed,
) -> None:
    """Policies against every head of many ensembles, by weighting of the penalty and coefficient.

    features: of the preference pairs; ensembles: how many; paths: a row for each policy and
    coefficient; heads: how noisy they are, and the samples in either half.
    """
    pool, sides = Samples(load_file(samples)), load_file(features)
    differences = torch.from_numpy(sides["chosen"] - sides["rejected"])
    kind = ensemble.model_copy(update={"kind": settings.kind, "pairs": settings.pairs})
    numbers = range(ensembles)
    fitted = np.stack(
        [
            fit_ensemble(differences, kind, derive_seed(seed, "ensemble", str(number))).weights
            for number in progress(numbers, "fitting heads", ensembles)
        ]
    )
    about = described(pool, fitted)
    flat = fitted.reshape(-1, fitted.shape[-1])
    known = pool.deviation(flat) if settings.controls else None
    betas = np.hypot(about["noise"], about["signal"]) / np.sqrt(2 * PATH)
    parts = []
    for number in progress(numbers, "fixed points", ensembles):
        rng = np.random.default_rng(derive_seed(seed, "shuffled", str(number)))
        found = traced(pool, fitted[number], known, exponents, betas, rng)
        parts.append(found.assign(ensemble=number))
    pd.concat(parts, ignore_index=True).to_parquet(paths, index=False)
    pairs = settings.pairs or len(differences)
    about |= {"samples": pool.features.shape[2]}
    write_csv(pd.DataFrame([{"kind": settings.kind, "pairs": pairs, **about}]), heads)


if __name__ == "__main__":
    main(trace_fixed_points)
