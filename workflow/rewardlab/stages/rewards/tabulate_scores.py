"""Table 1: RewardBench scores as the paper prints them, averages computed again, ours beside them.

Ours are the single model's, stopped early and fully tuned, and the ensemble's (by the mean of its
heads' rewards), on this scale's benchmark: RewardBench's sections where it is RewardBench, else its
own sets.
"""

from typing import Any

import pandas as pd

from rewardlab.evaluation.rewardbench import WEIGHTS, recomputed, section_of, section_scores, total
from rewardlab.evaluation.tables import write_csv
from rewardlab.running.stage import Input, Output, main, stage


def our_sections(scores: pd.DataFrame) -> dict[str, float]:
    """Return percentages by section from a benchmark that was scored, by the mean reward."""
    sides = scores.pivot(index=["id", "subset"], columns="side", values="reward_mean").reset_index()
    right = sides.chosen > sides.rejected
    subsets = (100 * right.groupby(sides.subset).mean()).to_dict()
    known = section_scores({name: v for name, v in subsets.items() if section_of(name) in WEIGHTS})
    return known or subsets


def score_table(printed, models: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """Return the long table (model, source, section, percent), and the caption's sentences."""
    paper = recomputed(printed["rows"], printed["columns"])
    rows = [
        (row["model"], "paper", section, row[section])
        for row in paper.to_dict("records")
        for section in [*printed["columns"], "recomputed"]
    ]
    lines = []
    for name, scores in models.items():
        sections = our_sections(scores)
        rows += [(name, "here", section, value) for section, value in sections.items()]
        if set(sections) <= set(WEIGHTS):
            rows.append((name, "here", "recomputed", total(sections)))
        lines.append(f"{name}: " + ", ".join(f"{key} {v:.1f} %" for key, v in sections.items()))
    table = pd.DataFrame(rows, columns=["model", "source", "section", "percent"])
    gap = (paper.average - paper.recomputed).abs().max()
    text = (
        "Averages computed again from the printed sections differ from the printed ones by at most "
        f"{gap:.2f} points. Here, on this scale's benchmark: {'; '.join(lines)}.\n"
    )
    return table, text


@stage
def tabulate_scores(
    single: Input,
    full: Input,
    ensemble: Input,
    table: Output,
    findings: Output,
    printed: dict[str, Any],
) -> None:
    """Table 1; printed: the paper's, as in printed.yaml."""
    models = {
        "single model, stopped early": pd.read_parquet(single),
        "single model, fully tuned": pd.read_parquet(full),
        "ensemble, mean of heads": pd.read_parquet(ensemble),
    }
    scores, text = score_table(printed, models)
    write_csv(scores, table)
    findings.write_text(text)


if __name__ == "__main__":
    main(tabulate_scores)
