"""Does PPO inherit the exact result? Its policies beside the fixed points of their own heads.

For every policy of an experiment the fixed point against its head is computed on samples of the
base model, twice: at the coefficient that it was trained with, and at the mean divergence that the
method's policies have come to. Returns are gains over the base model, each on its own prompts of
the evaluation split. The table has three kinds of rows: policies; slopes of judged on exact gains
by method, the noise of the samples taken off by their halves; and the ratio of the variances,
vanilla over variance-aware, exact and judged.
"""

import json

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import over_units
from rewardlab.evaluation.fixed_points import (
    at_mean_divergence,
    compared,
    slope_without_noise,
)
from rewardlab.evaluation.paired_policies import PairedPolicies
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.base_samples import Samples
from rewardlab.policies.names import REFERENCE, VANILLA
from rewardlab.policies.reweighting import fixed_point, path
from rewardlab.rewards.saved_heads import ensemble_folders, head_weights
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.types import NonNegative

AROUND = np.geomspace(30.0, 0.3, 12)  # coefficients of the path, over that of the training
AT_BETA, AT_KL = "at the same coefficient", "at the same divergence"


def predicted(
    samples: Samples,
    heads: list[np.ndarray],
    count: int,
    gold: str,
    exponent: float,
    beta: float,
    kl: float,
) -> dict[str, np.ndarray]:
    """Return exact gains (E, K, 2) by AT_BETA and AT_KL, and divergences (E, K) by "kl".

    heads: of E ensembles, all of which sigma is taken of; count: K, the first ones that there are
    policies against.
    """

    values = samples.gold[gold] - samples.gold[gold].mean()

    def returns(probabilities: np.ndarray) -> np.ndarray:
        return np.einsum("hpn,hpn->h", probabilities, values) / values.shape[1]

    betas = beta * AROUND
    same, divergences, paths, on_path = [], [], [], []
    for weights in heads:
        rewards = samples.rewards(weights)
        sigma = rewards.std(0, ddof=1)
        penalised = (sigma / sigma.mean()) ** exponent
        for of_head in rewards[:count]:
            found = fixed_point(of_head, penalised, beta)
            same.append(returns(found.probabilities))
            divergences.append(found.kl.mean())
            traced = [
                (returns(part.probabilities), part.kl.mean())
                for part in path(of_head, penalised, betas)
            ]
            paths.append([gains for gains, _ in traced])
            on_path.append([divergence for _, divergence in traced])
    shape = len(heads), -1
    every = np.array(paths).reshape(*shape, len(betas), 2)
    (at_kl,) = at_mean_divergence(every, np.array(on_path).reshape(*shape, len(betas)), [kl])
    return {
        AT_BETA: np.array(same).reshape(*shape, 2),
        AT_KL: at_kl,
        "kl": np.array(divergences).reshape(shape),
    }


def slope_row(method: str, judged: np.ndarray, exact: np.ndarray) -> dict:
    """Return a method's slope with its interval over ensembles."""
    estimate = over_units(
        lambda kept: slope_without_noise(judged[kept], exact[kept]), range(len(judged))
    )
    found = estimate.quantity
    return _row("slope", method, found)


@stage
def predict_policies(
    samples: Input,
    ensemble: Input,
    policies: Input,
    coefficients: Inputs,
    table: Output,
    exponents: dict[str, NonNegative],
    gold: str,
) -> None:
    """Judged and exact returns; exponents: of sigma by method, in the order of coefficients."""
    pool = Samples(load_file(samples))
    judged = read_csv(policies)
    base = judged.judged[judged.method.eq(REFERENCE)].mean()
    judged = judged.assign(judged=judged.judged - base)
    heads = [head_weights(part) for part in ensemble_folders(open_artefact(ensemble))]
    rows, exact = [], {}
    for (method, exponent), file in zip(exponents.items(), coefficients, strict=True):
        mine = judged[judged.method.eq(method)].sort_values(["ensemble", "head"])
        beta = json.loads(file.read_text())["beta"]
        grid = mine.judged.to_numpy().reshape(len(heads), -1)
        count = grid.shape[1]
        exact[method] = predicted(pool, heads, count, gold, exponent, beta, mine.kl.mean())
        rows.append(slope_row(method, grid, exact[method][AT_KL]))
        part = mine[["method", "ensemble", "head", "judged", "kl"]].assign(panel="policy")
        part["exact"] = exact[method][AT_KL].mean(-1).ravel()
        part["exact_0"], part["exact_1"] = exact[method][AT_KL].reshape(-1, 2).T
        part["exact_at_beta"] = exact[method][AT_BETA].mean(-1).ravel()
        part["exact_kl"] = exact[method]["kl"].ravel()
        rows += part.to_dict("records")
    (aware,) = set(exponents) - {VANILLA}
    for how in (AT_BETA, AT_KL):
        ratio = compared(exact[VANILLA][how], exact[aware][how]).ratio
        rows.append(_row("ratio", f"exact, {how}", ratio))
    ratio = PairedPolicies(judged, aware, True).ratio_of_variances().quantity
    rows.append(_row("ratio", "judged", ratio))
    write_csv(pd.DataFrame(rows), table)


def _row(panel: str, name: str, found: Quantity) -> dict:
    interval = {"value": found.value, "ci_low": found.low, "ci_high": found.high}
    return {"panel": panel, "method": name, **interval}


if __name__ == "__main__":
    main(predict_policies)
