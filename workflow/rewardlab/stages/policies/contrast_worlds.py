"""Figure 12's contrast in many worlds: gain, variance ratio and divergence of the two methods."""

import numpy as np
import pandas as pd

from rewardlab.evaluation.decisions import Bound
from rewardlab.evaluation.paired_policies import PairedPolicies
from rewardlab.evaluation.spread import true_variance
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.names import REFERENCE, VANILLA
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.types import Seed


def contrast(
    policies: pd.DataFrame, variance_aware: str, nested: bool, seed: int
) -> list[dict[str, object]]:
    """Return a row per quantity: value, interval, verdict."""
    paired = PairedPolicies(policies, variance_aware, nested, seed)
    methods = (VANILLA, variance_aware)
    decided = {
        "gain of variance-aware over vanilla": (paired.gain(variance_aware, VANILLA), 0.0),
        "variance of vanilla over variance-aware": (paired.ratio_of_variances(), 1.0),
    }
    decided |= {
        f"gain of {method} over the reference": (paired.gain(method, REFERENCE), 0.0)
        for method in methods
    }
    rows = [
        {
            "quantity": name,
            "value": quantity.value,
            "ci_low": quantity.low,
            "ci_high": quantity.high,
            "verdict": Bound(quantity=name, above=neutral).verdict(quantity),
        }
        for name, (quantity, neutral) in decided.items()
    ]
    for method in methods:
        judged, noise = paired.of_method(method)
        for name, value in (
            (f"KL of {method}", paired.column("kl", method).mean()),
            (f"variance of {method}", true_variance(judged, noise)),
        ):
            rows.append({"quantity": name, "value": float(value)})
    return rows


@stage
def contrast_worlds(
    table: Output,
    findings: Output,
    worlds: list[str],
    variance_aware: str,
    nested: dict[str, bool],
    seed: Seed,
    policies: Inputs = (),
) -> None:
    """Figure 12's contrast by world; worlds: names, policies-SEED-KIND, in the order of files."""
    if not worlds:
        raise UserError("there are no other worlds for policies (extended.policy_worlds).")
    parts = []
    for name, path in zip(worlds, policies, strict=True):
        rows = contrast(read_csv(path), variance_aware, nested["fig12"], seed)
        _, world_seed, kind = name.split("-", 2)
        parts.append(pd.DataFrame(rows).assign(world=name, world_seed=int(world_seed), kind=kind))
    together = pd.concat(parts, ignore_index=True)
    write_csv(together, table)
    lines = []
    for quantity, rows in together[together.verdict.notna()].groupby("quantity", sort=False):
        by_kind = "; ".join(
            f"{kind}: mean {found.value.replace(np.inf, np.nan).mean():.3f}, "
            + ", ".join(
                f"{count} {verdict}" for verdict, count in found.verdict.value_counts().items()
            )
            for kind, found in rows.groupby("kind", sort=False)
        )
        lines.append(f"{quantity}, by world: {by_kind}.")
    findings.write_text("\n\n".join(lines) + "\n")


if __name__ == "__main__":
    main(contrast_worlds)
