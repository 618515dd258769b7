"""Settings and cost of training, the paper's and ours: Tables 2 to 5, and 6 to 8.

Time and peak memory are as the stages measured them, over all their attempts; the settings are what
they noted beside.
"""

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from rewardlab.evaluation.tables import write_csv
from rewardlab.running.stage import Inputs, Output, main, stage

MEASURED = ("what", "seconds", "attempts", "peak_memory_gb")


def costs_here(rows: list[dict[str, str]]) -> dict[str, object]:
    """Return our settings and costs of one model from all that its stages measured.

    The last row's settings count; times add up, and are given for each policy where there are many.
    """
    found: dict[str, object] = {
        name: value for name, value in rows[-1].items() if name not in (*MEASURED, "texts")
    }
    counted = [row["trainable parameters"] for row in rows if row.get("trainable parameters")]
    if counted:
        found["trainable parameters"] = sum(map(int, counted))
    seconds = sum(float(row["seconds"]) for row in rows)
    if "policies" in found:
        count = sum(int(row["policies"]) for row in rows)
        skipped = sum(int(row["minibatches skipped"]) for row in rows)
        found |= {"policies": count, "minibatches skipped": skipped}
        found["seconds a policy"] = float(f"{seconds / count:.3g}")
        found["hours a policy"] = float(f"{seconds / count / 3600:.3g}")
    else:
        found["seconds"] = float(f"{seconds:.3g}")
        found["hours"] = float(f"{seconds / 3600:.3g}")
    memory = max(float(row["peak_memory_gb"]) for row in rows)
    return {**found, "memory in GB": memory, "machine": "this one"}


def cost_table(
    printed: dict[str, dict[str, Any]], here: dict[str, dict[str, object]]
) -> tuple[pd.DataFrame, str]:
    """Return the long table (model, quantity, paper, here), and the caption's sentence."""
    rows = [
        (name, quantity, values.get(quantity, ""), here[name].get(quantity, ""))
        for name, values in printed.items()
        for quantity in dict.fromkeys([*values, *here[name]])
    ]
    lines = []
    for name, values in printed.items():
        quantity = "a policy" if "hours a policy" in values else ""
        hours, seconds = (f"{unit} {quantity}".strip() for unit in ("hours", "seconds"))
        lines.append(f"{name} {here[name][seconds]} {seconds} (the paper: {values[hours]} hours)")
    table = pd.DataFrame(rows, columns=["model", "quantity", "paper", "here"])
    return table, f"Measured: {'; '.join(lines)}.\n"


@stage
def tabulate_costs(
    measured: Inputs,
    table: Output,
    findings: Output,
    printed: dict[str, dict[str, Any]],
    models: dict[str, list[str]],
) -> None:
    """Settings and cost, beside the paper's; models: printed name -> what the stages measured."""
    rows = [row for path in measured for row in _rows(path)]
    here = {
        name: costs_here([row for row in rows if row["what"] in wanted])
        for name, wanted in models.items()
    }
    costs, text = cost_table(printed, here)
    write_csv(costs, table)
    findings.write_text(text)


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main(tabulate_costs)
