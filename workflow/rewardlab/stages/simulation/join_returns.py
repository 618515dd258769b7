"""Figure 5: the returns of Figures 3 and 4 in one table."""

import pandas as pd

from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Inputs, Output, main, stage


@stage
def join_returns(
    returns: Inputs, moments: Inputs, table: Output, findings: Output, settings: dict[str, str]
) -> None:
    """Returns by setting; settings: what is varied, by figure, in the order of the tables."""
    parts, lines = [], []
    for (figure, setting), rows, summary in zip(settings.items(), returns, moments, strict=True):
        parts.append(read_csv(rows).assign(setting=setting))
        drawn = read_csv(summary)
        drawn = drawn[drawn.source.eq("drawn")].set_index("method")
        unaware, aware = drawn.deviation
        lines.append(
            f"{figure}, {setting}: standard deviations {unaware:.3f} ({drawn.index[0]}) and "
            f"{aware:.3f} ({drawn.index[1]}), a ratio of {unaware / aware:.2f}; mean returns "
            f"{drawn['mean'].iloc[0]:.3f} and {drawn['mean'].iloc[1]:.3f}."
        )
    write_csv(pd.concat(parts, ignore_index=True), table)
    findings.write_text("\n\n".join(lines) + "\n")


if __name__ == "__main__":
    main(join_returns)
