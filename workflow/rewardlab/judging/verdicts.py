"""A judge's verdicts on pairs of responses, each pair in both orders."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.manifest import open_artefact
from rewardlab.judging.comparisons import Template, both_orders, judgements
from rewardlab.judging.judges import answers, ask_endpoint, ask_model
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.provenance import file_hash
from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.judging import JudgingSettings

log = logging.getLogger("rewardlab")
KEY = "JUDGE_API_KEY"


def criterion_for(name: str, template: Template, settings: JudgingSettings) -> str:
    """Return by what the better answer is told in a set of preferences.

    Raises UserError if the template asks for it, and the settings do not say.
    """
    if name in settings.criteria or not template.has_criterion:
        return settings.criteria.get(name, "")
    raise UserError(
        f"judging.criteria has no text for {name!r}, which {settings.template} asks for by "
        f"{{criterion}}; expected one, as for {', '.join(settings.criteria) or 'no other'}."
    )


def verdicts_on(
    pairs: pd.DataFrame,
    template: Template,
    criterion: str,
    settings: JudgingSettings,
    cache: Path,
    judge: Sequence[Path],
    endpoint: EndpointSettings | None,
) -> pd.DataFrame:
    """Return the judgements (`judgements`) of pairs: prompt, first and second, by number.

    criterion: by what the better one is told; cache: a folder where answers are kept by
    content; judge: the manifest of a model, or none where there is an endpoint. Raises UserError if
    the judge cannot be asked.
    """
    requests = both_orders(pairs, template, criterion)
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
        batch = 1
    else:
        quieten()
        (manifest,) = judge
        name = f"{file_hash(manifest)}, {settings.answer_tokens} tokens"
        ask = ask_model(open_artefact(manifest), settings.answer_tokens)
        batch = settings.batch_size
    table = judgements(range(len(pairs)), answers(ask, name, requests, batch, cache))
    missing = int(table.verdict.isna().sum())
    log.log(
        logging.WARNING if 2 * missing > len(table) else logging.INFO,
        "%d of %d answers have no verdict, and count for nothing",
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
