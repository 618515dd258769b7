"""Decides every claim by its rule in the ledger: the claims table, and the report's front page."""

import pandas as pd
from jinja2 import Environment

from rewardlab.evaluation.decisions import NOT_RUN, VERDICTS
from rewardlab.evaluation.findings import claims_table
from rewardlab.evaluation.ledger import Claim, read_ledger
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Input, Inputs, Output, main, stage

# The report sets text in a narrow column; the table needs the page's width.
PAGE = """\
<style>
.prose { max-width: none !important; }
.claims { width: 100%; font-size: 0.8rem; border-collapse: collapse; }
.claims td, .claims th { padding: 0.25rem 0.6rem; vertical-align: top; text-align: left; }
.claims td { border-top: 1px solid #ccc; }
.claims td:nth-child(5) { font-weight: bold; }
</style>
<p>{{ rows | length + waiting | length }} claims: {{ counts }}.</p>
<table class='claims'>
<tr><th>claim</th><th>statement</th><th>printed</th><th>here [95 % interval]</th><th>verdict</th>
<th>evidence</th></tr>
{% for row in rows -%}
<tr title="{{ row.rule }}"><td>{{ row.id }} ({{ row.item }})</td><td>{{ row.statement }}</td>
<td>{{ row.printed }}</td><td>{{ row.here }}</td><td>{{ row.verdict }}</td>
<td>{{ row.evidence }}</td></tr>
{% endfor -%}
</table>
{% if waiting -%}
<p>Not run: {% for row in waiting %}{{ row.id }} ({{ row.item }}){{ ", " if not loop.last }}
{%- endfor %}.</p>
{% endif -%}
"""


def number(value: float) -> str:
    """Return a value for reading: three significant digits, nothing for a missing one."""
    return "" if pd.isna(value) else f"{value:.3g}"


def front_page(table: pd.DataFrame, claims: list[Claim]) -> str:
    """Return HTML: a line of counts, the decided claims as a table, the others by name.

    A row's tooltip is what the claim measures, and the rule that decided it.
    """
    counts = table.verdict.value_counts().reindex(VERDICTS).dropna().astype(int)
    rows = table.assign(rule=[f"{claim.measured} Decided by: {claim.rule}." for claim in claims])
    here = [
        number(row.value)
        + ("" if pd.isna(row.ci_low) else f" [{number(row.ci_low)}, {number(row.ci_high)}]")
        for row in rows.itertuples()
    ]
    rows = rows.assign(here=here).to_dict("records")
    template = Environment(autoescape=True, keep_trailing_newline=True).from_string(PAGE)
    return template.render(
        counts=", ".join(f"{count} {verdict}" for verdict, count in counts.items()),
        rows=[row for row in rows if row["verdict"] != NOT_RUN],
        waiting=[row for row in rows if row["verdict"] == NOT_RUN],
    )


@stage
def collect(ledger: Input, printed: Input, findings: Inputs, claims: Output, page: Output) -> None:
    """Every claim with its verdict."""
    entries = read_ledger(ledger, printed)
    table = claims_table(entries, pd.concat([read_csv(path) for path in findings]))
    write_csv(table, claims)
    page.write_text(front_page(table, entries))


if __name__ == "__main__":
    main(collect)
