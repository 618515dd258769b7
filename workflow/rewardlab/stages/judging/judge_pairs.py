"""Asks a judge for a verdict on held-out pairs, each in both orders.

Columns: pair (its number in the evaluation split), order, answer, verdict, prefers_first, where the
chosen response is the first. Answers are kept by content in a folder that outlives the stage.
"""

import logging
import os
from pathlib import Path

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pairs_table import pairs_of_split
from rewardlab.judging.comparisons import both_orders, judgements, read_template
from rewardlab.judging.judges import answers, ask_endpoint, ask_model
from rewardlab.running.libraries import quieten
from rewardlab.running.provenance import file_hash
from rewardlab.running.stage import Input, Inputs, Output, main, stage
from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.judging import JudgingSettings

log = logging.getLogger("rewardlab")
KEY = "JUDGE_API_KEY"


@stage
def judge_pairs(
    preferences: Input,
    template: Input,
    judged: Output,
    settings: JudgingSettings,
    cache: str,
    judge: Inputs = (),
    endpoint: EndpointSettings | None = None,
) -> None:
    """Verdicts of a judge: the manifest of a model, or an endpoint; cache: a folder."""
    pairs = pairs_of_split(preferences, "evaluation").head(settings.pairs)
    pairs = pairs.assign(first=pairs.chosen, second=pairs.rejected)
    requests = both_orders(pairs, read_template(template))
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
    said = answers(ask, name, requests, batch, Path(cache))
    table = judgements(range(len(pairs)), said)
    missing = int(table.verdict.isna().sum())
    log.log(
        logging.WARNING if 2 * missing > len(table) else logging.INFO,
        "%d of %d answers have no verdict, and count for nothing",
        missing,
        len(table),
    )
    table.to_parquet(judged, index=False)


if __name__ == "__main__":
    main(judge_pairs)
