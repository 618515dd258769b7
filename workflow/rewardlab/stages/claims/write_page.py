"""Writes one page to read: the claims with their verdicts, then every figure and table by paper.

It is one file, with the figures inside it, and needs nothing else.
"""

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from rewardlab.evaluation.contrasts import MEAN
from rewardlab.evaluation.decisions import NOT_RUN, VERDICTS, counts_in_words
from rewardlab.evaluation.ledger import Claim, read_ledger
from rewardlab.evaluation.pages import Item, in_order, number
from rewardlab.evaluation.tables import read_csv
from rewardlab.running.provenance import versions
from rewardlab.running.recorded import Cost, recorded_costs
from rewardlab.running.stage import Input, Inputs, Output, main, stage


def claim_rows(
    table: pd.DataFrame, claims: Sequence[Claim], elsewhere: pd.DataFrame | None = None
) -> list[dict]:
    """Return a row for each claim: what stands in the table, what was found, the rule in words.

    elsewhere: the claims in other worlds; their verdicts are counted.
    """
    other = {} if elsewhere is None else dict(list(elsewhere.groupby("id")))
    rules = {claim.id: f"{claim.measured} Decided by: {claim.rule}." for claim in claims}
    rows = []
    for row in table.to_dict("records"):
        interval = [number(row[name]) for name in ("ci_low", "ci_high")]
        here = number(row["value"]) + (f" [{', '.join(interval)}]" if all(interval) else "")
        texts = {
            name: "" if pd.isna(value) else value for name, value in row.items() if name != "value"
        }
        words = ""
        if row["id"] in other:
            is_mean = other[row["id"]].world.eq(MEAN)
            single, mean = (other[row["id"]].verdict[part] for part in (~is_mean, is_mean))
            worlds = "world" if len(single) == 1 else "worlds"
            words = f"in {len(single)} other {worlds}: {counts_in_words(single)}"
            words += "".join(f"; {MEAN}: {verdict}" for verdict in mean)
        rows.append({**texts, "here": here, "rule": rules[row["id"]], "elsewhere": words})
    return rows


def as_html(text: str) -> Markup:
    """Return reStructuredText as HTML."""
    settings = {"report_level": 5, "file_insertion_enabled": False, "raw_enabled": False}
    return Markup(publish_parts(text, writer="html5", settings_overrides=settings)["fragment"])


def shown_file(path: Path) -> dict:
    """Return what the template shows of a file: an image inside the page, or a table's cells."""
    if path.suffix == ".svg":
        encoded = base64.b64encode(path.read_bytes()).decode()
        return {"image": f"data:image/svg+xml;base64,{encoded}"}
    table = read_csv(path)
    rows = [[cell(value) for value in row] for row in table.itertuples(index=False)]
    return {"image": None, "columns": list(table.columns), "rows": rows}


def cell(value: object) -> dict:
    """Return a cell's text, and whether it is a number."""
    if pd.isna(value):
        return {"text": "", "is_number": False}
    if isinstance(value, float):
        return {"text": f"{value:.4g}", "is_number": True}
    return {"text": str(value), "is_number": isinstance(value, int)}


def cost_rows(costs: Iterable[Cost]) -> list[dict]:
    """Return what each kind of job took in all, the dearest first, and all of them together."""
    table = pd.DataFrame(costs, columns=Cost._fields)
    if table.empty:
        return []
    whole = table.assign(job="all")
    rows = [
        {
            "job": name,
            "jobs": len(part),
            "core_minutes": f"{part.core_seconds.sum() / 60:.1f}",
            "longest": f"{part.seconds.max() / 60:.1f}",
            "memory": f"{part.peak_memory_gb.max():.1f}",
            "spent": part.core_seconds.sum(),
        }
        for group in (whole, table)
        for name, part in group.groupby("job")
    ]
    return [rows[0], *sorted(rows[1:], key=lambda row: -row["spent"])]


@stage
def write_page(
    template: Input,
    ledger: Input,
    printed: Input,
    claims: Input,
    shown: Inputs,
    findings: Inputs,
    page: Output,
    items: list[Item],
    title: str,
    run_settings: dict[str, Any],
    recorded: str,
    elsewhere: Inputs = (),
) -> None:
    """The page of a run; shown, findings: the file of each item, and what was found, in order;
    elsewhere: the claims in other worlds, if any were tried; recorded: the folder with the hashes
    of the run's artefacts, and what its jobs cost.
    """
    others = read_csv(elsewhere[0]) if elsewhere else None
    rows = claim_rows(read_csv(claims), read_ledger(ledger, printed), others)
    verdicts = [row["verdict"] for row in rows]
    decided = [row for row in rows if row["verdict"] != NOT_RUN]
    by_paper: dict[str, list[dict]] = {}
    for place in in_order(items):
        item = items[place]
        entry = {
            "label": item.label,
            "target": item.target,
            "caption": as_html(item.caption),
            "findings": as_html(findings[place].read_text(encoding="utf-8")),
            **shown_file(shown[place]),
        }
        by_paper.setdefault(item.paper, []).append(entry)
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    text = environment.from_string(template.read_text(encoding="utf-8")).render(
        title=title,
        total=len(rows),
        counts={name: verdicts.count(name) for name in VERDICTS if name in verdicts},
        claims={
            paper: [row for row in decided if row["paper"] == paper]
            for paper in dict.fromkeys(row["paper"] for row in decided)
        },
        waiting=[f"{row['id']} ({row['item']})" for row in rows if row["verdict"] == NOT_RUN],
        versions=[f"{name} {number}" for name, number in versions().items()],
        settings=yaml.safe_dump(run_settings, sort_keys=False, allow_unicode=True, width=110),
        costs=cost_rows(recorded_costs(Path(recorded))),
        papers=[{"name": paper, "items_shown": listed} for paper, listed in by_paper.items()],
    )
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(write_page)
