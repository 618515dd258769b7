"""Writes the claims and every figure of a run as one Markdown page, the papers' words beside
ours."""

import html
import re
from pathlib import Path

import pandas as pd
from docutils.core import publish_parts

from rewardlab.evaluation.decisions import NOT_RUN
from rewardlab.evaluation.pages import Item, in_order, number
from rewardlab.evaluation.tables import read_csv
from rewardlab.running.stage import Input, Inputs, Output, main, stage


def plain(text: str) -> str:
    """Return reStructuredText as Markdown: paragraphs with emphasis, nothing else."""
    settings = {"report_level": 5, "file_insertion_enabled": False, "raw_enabled": False}
    found = publish_parts(text, writer="html5", settings_overrides=settings)["fragment"]
    for tag, mark in (("strong", "**"), ("em", "*")):
        found = re.sub(f"</?{tag}>", mark, found)
    found = re.sub(r"</p>\s*<p[^>]*>", "\n\n", found)
    return html.unescape(re.sub(r"<[^>]+>", "", found)).strip()


def cell(value: object) -> str:
    return "" if pd.isna(value) else " ".join(str(value).split()).replace("|", "\\|")


def claims_table(claims: pd.DataFrame) -> list[str]:
    """Return the lines of a table of claims: what the papers print beside what was found."""
    lines = ["| claim | statement | printed | here | verdict |", "|---|---|---|---|---|"]
    for row in claims.to_dict("records"):
        ends = [number(row[name]) for name in ("ci_low", "ci_high")]
        here = number(row["value"]) + (f" [{', '.join(ends)}]" if all(ends) else "")
        columns = (f"{row['id']}, {row['item']}", row["statement"], row["printed"], here)
        lines.append(f"| {' | '.join(map(cell, columns))} | {row['verdict']} |")
    return lines


@stage
def write_results(
    claims: Input, shown: Inputs, findings: Inputs, page: Output, items: list[Item], title: str
) -> None:
    """The page; shown, findings: the file of each item, and what was found, in order."""
    table = read_csv(claims)
    lines = [
        f"# {title}",
        "",
        "Written by `snakemake --cores all results_page`; figures are made",
        "",
    ]
    lines[2] += " by `snakemake --cores all`, and are not part of the repository."
    for paper, rows in table[table.verdict.ne(NOT_RUN)].groupby("paper", sort=False):
        lines += [f"## Claims: {paper}", "", *claims_table(rows), ""]
    waiting = table.id[table.verdict.eq(NOT_RUN)]
    lines += [f"Not run: {', '.join(waiting) or 'none'}.", ""]
    heading = None
    for place in in_order(items):
        item = items[place]
        if item.paper != heading:
            heading = item.paper
            lines += [f"## {heading}", ""]
        lines += [f"### {item.label}", "", f"`{item.target}`: {Path(shown[place])}", ""]
        lines += [plain(item.caption), "", f"*Found.* {plain(findings[place].read_text())}", ""]
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(write_results)
