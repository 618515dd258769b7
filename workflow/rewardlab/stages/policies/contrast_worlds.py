"""Figure 12's contrast in many worlds: gain, variance ratio and divergence of the two methods.

Worlds of one kind are pooled: the mean over them (of ratios the geometric one), with the errors of
each, whose units are its ensembles. That speaks of these worlds, not of any that could be drawn.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rewardlab.evaluation.contrasts import DIVERGENCE, GAIN, LOST, POOLED, RATIO
from rewardlab.evaluation.decisions import INCONCLUSIVE, Bound
from rewardlab.evaluation.estimates import Estimate, pooled
from rewardlab.evaluation.paired_policies import PairedPolicies
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.names import JUDGED, REFERENCE, VANILLA
from rewardlab.running.errors import UserError
from rewardlab.running.stage import Inputs, Output, main, stage

NEUTRAL = {RATIO: 1.0}  # where a method has nothing over the other; else 0


def contrast(policies: pd.DataFrame, variance_aware: str, nested: bool) -> dict[str, Estimate]:
    """Return the estimates of a world by quantity, also by other values of the dialect."""
    golds = [name.removeprefix(f"{JUDGED}_") for name in policies if name.startswith(f"{JUDGED}_")]
    paired = PairedPolicies(policies, variance_aware, nested)
    found = {
        RATIO: paired.ratio_of_variances(),
        f"{RATIO}, beside a line in KL": paired.ratio_beside_kl(),
        GAIN: paired.gain(VANILLA, variance_aware),
        f"{GAIN}, at equal KL": paired.gain_at_equal_kl(VANILLA, variance_aware),
    }
    for value in golds:
        other = PairedPolicies(policies, variance_aware, nested, f"_{value}")
        found[f"{GAIN}, dialect {value}"] = other.gain(VANILLA, variance_aware)
        found[f"{RATIO}, dialect {value}"] = other.ratio_of_variances()
    for method in (VANILLA, variance_aware):
        found[f"gain of {method} over the reference"] = paired.gain(method, REFERENCE)
        found[f"KL of {method}"] = paired.mean_of("kl", method)
    found[DIVERGENCE] = paired.difference_of_divergences()
    found[LOST] = Estimate(float(len(paired.lost)), 0.0, np.inf)
    return found


def rows_of(world: str, kind: str, estimates: dict[str, Estimate]) -> Iterator[dict]:
    """Yield a row for each quantity: value, interval, and whether what the paper claims held.

    That is that vanilla varies more, that it has the higher mean, and that both beat the reference.
    Where a policy did not end well, what rests on variances is inconclusive.
    """
    for name, estimate in estimates.items():
        quantity = estimate.quantity
        row = {"world": world, "kind": kind, "quantity": name, "value": quantity.value}
        row |= {"ci_low": quantity.low, "ci_high": quantity.high}
        if "KL of" not in name and name != LOST:
            neutral = NEUTRAL.get(name.split(",")[0], 0.0)
            verdict = Bound(quantity=name, above=neutral).verdict(quantity)
            void = name.startswith(RATIO) and estimates[LOST].value > 0
            row["verdict"] = INCONCLUSIVE if void else verdict
        yield row


@stage
def contrast_worlds(
    table: Output,
    findings: Output,
    worlds: dict[str, str],
    variance_aware: str,
    nested: dict[str, bool],
    policies: Inputs = (),
) -> None:
    """Figure 12's contrast by world; worlds: name -> kind, in the order of the files."""
    if not worlds:
        raise UserError("there are no other worlds for policies (extended.policy_worlds).")
    rows, kinds = [], {}
    for (name, kind), path in zip(worlds.items(), policies, strict=True):
        found = contrast(read_csv(path), variance_aware, nested["fig12"])
        rows += rows_of(name, kind, found)
        kinds.setdefault(kind, []).append(found)
    for kind, members in kinds.items():
        if len(members) > 1:
            shared = set.intersection(*(set(found) for found in members))
            together = {
                name: pooled([found[name] for found in members])
                for name in members[0]
                if name in shared
            }
            rows += rows_of(POOLED, kind, together)
    everything = pd.DataFrame(rows)
    write_csv(everything, table)
    findings.write_text("\n\n".join(in_words(everything)) + "\n")


def in_words(table: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each kind of world and quantity that a verdict is sought of."""
    for kind, rows in table[table.verdict.notna()].groupby("kind", sort=False):
        parts = []
        for quantity, found in rows.groupby("quantity", sort=False):
            shown = found[found.world.eq(POOLED)] if len(found) > 1 else found
            row = shown.iloc[0]
            counts = found[found.world.ne(POOLED)].verdict.value_counts()
            each = ", ".join(f"{count} {name}" for name, count in counts.items())
            words = f"{row.value:.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}]"
            parts.append(f"{quantity} {words} ({row.verdict}; by world {each})")
        worlds = rows[rows.world.ne(POOLED)].world.nunique()
        yield f"{kind} ({worlds} worlds): {'; '.join(parts)}."


if __name__ == "__main__":
    main(contrast_worlds)
