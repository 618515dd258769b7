"""What judges policies' responses: gold rewards, reward models, or a judge in words.

Each gives a table the columns gold_<set>, one for each set of preferences. No policy has seen any
of them.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.running.errors import UserError
from rewardlab.settings.judging import AskingSettings, JudgeSettings, ReadingSettings
from rewardlab.world.gold import with_gold

log = logging.getLogger("rewardlab")


def with_judgements(
    table: pd.DataFrame,
    sets: Sequence[str],
    judge: JudgeSettings,
    models: Sequence[Path],
    state: Path,
    opponents: pd.Series | None = None,
) -> pd.DataFrame:
    """Return a table of prompts and responses with gold_<set> for each of the sets.

    models: manifests of what judges, one for each set; none: the world's gold judges, which has its
    own sets, or a server. state: a folder of this very computation. opponents: of every row, the
    response that a judge in words compares it with; gold_<set> is how far it prefers the row's.
    Raises UserError if a model cannot be read, or a judge cannot be asked.
    """
    if judge.world is not None:
        return with_gold(table, judge.world)
    if judge.asking is not None:
        pairs = table[["prompt"]].assign(first=table.response, second=opponents)
        told = zip(sets, models_by_set(sets, models), strict=True)
        found = {f"gold_{name}": _in_words(pairs, name, judge.asking, one) for name, one in told}
        return table.assign(**found)
    return _by_models(table, sets, judge.reading, models, state)


def models_by_set(sets: Sequence[str], models: Sequence[Path]) -> list[Sequence[Path]]:
    """Return the model of each set in a list of its own, empty where a server judges."""
    return [[model] for model in models] or [[] for _ in sets]


def _in_words(
    pairs: pd.DataFrame, name: str, asking: AskingSettings, judge: Sequence[Path]
) -> NDArray[np.float64]:
    """Return how far the first of each pair is preferred (n,); silence is a tie."""
    from rewardlab.judging.verdicts import preferred

    differ = pairs["first"].ne(pairs.second).to_numpy()
    found = np.full(len(pairs), 0.5)
    if not differ.any():
        return found
    told = preferred(pairs[differ], name, asking, judge)
    silent = np.isnan(told)
    if silent.all():
        raise UserError(
            f"the judge in words gave no verdict on any of {len(told)} pairs of responses; "
            f"expected answers that end as {asking.settings.template} asks for, in at most "
            f"{asking.settings.answer_tokens} tokens (judging.answer_tokens). Its answers are kept "
            f"in {asking.cache}: remove that folder to ask again."
        )
    log.info(
        "of them %d of %d pairs have none at all: these count as ties", silent.sum(), len(told)
    )
    found[differ] = np.where(silent, 0.5, told)
    return found


def _by_models(
    table: pd.DataFrame,
    sets: Sequence[str],
    reading: ReadingSettings,
    models: Sequence[Path],
    state: Path,
) -> pd.DataFrame:
    # What gold judges does not wait for the import.
    from rewardlab.data.manifest import open_artefact
    from rewardlab.rewards.scoring import Scorer, distinct_texts
    from rewardlab.running.libraries import quieten

    quieten()
    texts, rows = distinct_texts(table)
    columns, known = {}, {}
    for name, manifest in zip(sets, models, strict=True):
        if manifest not in known:
            folder = open_artefact(manifest)
            scorer = Scorer(folder, reading.features, reading.max_length, state / name)
            prompts, responses = texts.prompt.tolist(), texts.response.tolist()
            rewards = scorer.rewards(prompts, responses, what=f"judging by {manifest}")
            known[manifest] = rewards[:, 0].double().numpy()
        columns[f"gold_{name}"] = known[manifest][rows]
    return table.assign(**columns)


def opponents_of(table: pd.DataFrame, base: pd.DataFrame) -> pd.Series:
    """Return of every row of a table the base model's response to the same prompt.

    base: prompt and response, one to each. Raises UserError if a prompt has none.
    """
    found = table.prompt.map(base.set_index("prompt").response)
    if found.isna().any():
        prompt = table.prompt[found.isna()].iloc[0]
        raise UserError(f"there is no response of the base model to {prompt!r} to compare with.")
    return found
