"""All penalties at the same divergence: judged mean, variance, divergence and proxy, by method.

Every method has one policy against each of the same fresh ensembles; intervals resample ensembles,
the same ones for all methods.
"""

import numpy as np
import pandas as pd

from rewardlab.evaluation.method_summary import summary, with_proxy
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.types import Seed


@stage
def compare_methods(
    policies: Input, steps: Input, table: Output, findings: Output, seed: Seed
) -> None:
    """All penalties at the same divergence."""
    kept = with_proxy(read_csv(policies), pd.read_parquet(steps))
    methods = pd.DataFrame(
        {"method": method} | summary(rows, np.random.default_rng(seed))
        for method, rows in kept.groupby("method", sort=False)
    )
    write_csv(methods, table)
    lines = [
        f"{row.method}: judged {row.judged:.3f} [{row.judged_low:.3f}, {row.judged_high:.3f}], "
        f"variance without noise {row.variance:.4f} [{row.variance_low:.4f}, "
        f"{row.variance_high:.4f}], KL {row.kl:.2f}, {row.policies} policies."
        for row in methods.itertuples()
    ]
    findings.write_text("\n\n".join(lines) + "\n")


if __name__ == "__main__":
    main(compare_methods)
