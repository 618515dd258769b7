"""Decides every claim by its rule in the ledger: the claims table, and how many came out how."""

import pandas as pd

from rewardlab.evaluation.decisions import counts_in_words
from rewardlab.evaluation.findings import claims_table
from rewardlab.evaluation.ledger import read_ledger
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.running.stage import Input, Inputs, Output, main, stage


def in_words(table: pd.DataFrame) -> str:
    """Return how many claims have which verdict, as a sentence."""
    return f"{len(table)} claims: {counts_in_words(table.verdict)}."


@stage
def collect(
    ledger: Input, printed: Input, measured: Inputs, claims: Output, findings: Output
) -> None:
    """Every claim with its verdict; measured: what the chapters found."""
    table = claims_table(read_ledger(ledger, printed), pd.concat(map(read_csv, measured)))
    write_csv(table, claims)
    findings.write_text(in_words(table) + "\n")


if __name__ == "__main__":
    main(collect)
