"""A judge's verdicts on pairs of responses, each pair in both orders."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.distinct import distinct_rows
from rewardlab.data.manifest import open_artefact
from rewardlab.judging.comparisons import both_orders, judgements
from rewardlab.judging.judges import answers, ask_endpoint, ask_model
from rewardlab.judging.template import Template, criterion_for, read_template
from rewardlab.running.libraries import quieten
from rewardlab.running.provenance import file_hash
from rewardlab.settings.judging import AskingSettings

log = logging.getLogger("rewardlab")
KEY = "JUDGE_API_KEY"


def preferred(
    pairs: pd.DataFrame, name: str, asking: AskingSettings, judge: Sequence[Path]
) -> NDArray[np.float64]:
    """Return how far the first response of each pair is preferred (n,), both orders together.

    1, 0, a half where they disagree or tie, NaN without a verdict. Pairs (prompt, first, second)
    that occur several times are asked for once. name: of the set of preferences by which the better
    one is told; judge: as for `verdicts_on`. Raises UserError if the template cannot ask for it, or
    the judge cannot be asked.
    """
    template = read_template(Path(asking.settings.template))
    criterion = criterion_for(name, template, asking.settings, needed=not asking.is_tuned)
    distinct, rows = distinct_rows(pairs[["prompt", "first", "second"]])
    return together(by_order(verdicts_on(distinct, template, criterion, asking, judge)))[rows]


def verdicts_on(
    pairs: pd.DataFrame,
    template: Template,
    criterion: str,
    asking: AskingSettings,
    judge: Sequence[Path],
) -> pd.DataFrame:
    """Return the judgements (`judgements`) of pairs: prompt, first and second, by number.

    criterion: by what the better one is told; judge: the manifest of a model, or none where there
    is an endpoint. Raises UserError if the judge cannot be asked.
    """
    requests = both_orders(pairs, template, criterion)
    settings, endpoint = asking.settings, asking.endpoint
    if endpoint is not None:
        name = f"{endpoint.endpoint} {endpoint.model}, {settings.answer_tokens} tokens"
        ask = ask_endpoint(
            endpoint.endpoint,
            endpoint.model,
            settings.answer_tokens,
            settings.timeout,
            settings.attempts,
            os.environ.get(KEY),
        )
        batch = settings.connections
    else:
        quieten()
        (manifest,) = judge
        name = f"{file_hash(manifest)}, {settings.answer_tokens} tokens"
        ask = ask_model(open_artefact(manifest), settings.answer_tokens)
        batch = settings.batch_size
    table = judgements(range(len(pairs)), answers(ask, name, requests, batch, Path(asking.cache)))
    missing = int(table.verdict.isna().sum())
    log.log(
        logging.WARNING if 2 * missing > len(table) else logging.INFO,
        "%d of %d answers have no verdict",
        missing,
        len(table),
    )
    return table


def by_order(judged: pd.DataFrame) -> NDArray[np.float64]:
    """Return how far the first response of each pair is preferred, by order, (n, 2)."""
    return judged.pivot(index="pair", columns="order", values="prefers_first").to_numpy(float)


def together(preferred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return both orders together (n,): their mean; of one alone, that; NaN without a verdict."""
    counts = (~np.isnan(preferred)).sum(1)
    return np.where(counts > 0, np.nansum(preferred, axis=1) / np.maximum(counts, 1), np.nan)
