"""Scores responses with a reward model or an ensemble: rewards per head, mean and variance.

Several models are one ensemble, and several tables are scored one by one. The names' endings say
what the files are, read or written: CSV, JSON lines (.jsonl), a JSON array (.json), or parquet. A
table needs the columns prompt (a text, a dialogue as in HH-RLHF, or chat messages) and response;
all its columns are kept. The result has reward_0, reward_1, … (one for each head), reward_mean and
reward_variance (the sample variance over heads; missing for a single head). A killed run goes on
where it was.

    python -m rewardlab.stages.rewards.score --model MODEL_FOLDER \\
        --responses MY.jsonl --scores OUT.csv
"""

import logging
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from rewardlab.data.dialogues import prompt_of, response_of
from rewardlab.data.manifest import open_artefact
from rewardlab.data.tables import check_writable, read_table, with_index_as_columns, write_table
from rewardlab.rewards.scoring import Scorer
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.outputs import final_name
from rewardlab.running.stage import Inputs, Outputs, State, main, stage
from rewardlab.settings.rewards import Length, ScoringSettings

log = logging.getLogger("rewardlab")

FIELDS = ("prompt", "response")
OURS = re.compile(r"reward_(\d+|mean|variance)")


class Responses(NamedTuple):
    """A table as it was brought, and the texts of its rows."""

    table: pd.DataFrame
    prompts: list[str]
    responses: list[str]


def read_responses(path: Path) -> Responses:
    """Return the table; raises UserError naming the row without a prompt or a response.

    Columns that the result is going to have are refused: they would be lost.
    """
    table, place = read_table(path, texts=FIELDS)
    named = with_index_as_columns(table)
    for name in named:
        if OURS.fullmatch(str(name)):
            raise UserError(
                f"{path} has a column {name!r} already, which the result would overwrite; expected "
                "another name for it."
            )
    if missing := [name for name in FIELDS if name not in named]:
        columns = ", ".join(map(str, named))
        raise UserError(f"{path} has no field {missing[0]!r}; its fields are {columns}.")
    rows = named[[*FIELDS]].to_dict("records")
    prompts, responses = [], []
    for number, fields in enumerate(rows):
        fields = {name: _listed(value) for name, value in fields.items()}
        prompts.append(prompt_of(fields, "prompt", place(number)))
        responses.append(response_of(fields, "response", place(number)))
    return Responses(table, prompts, responses)


def _listed(value: object) -> object:
    return list(value) if isinstance(value, np.ndarray) else value


def with_rewards(table: pd.DataFrame, rewards: torch.Tensor) -> pd.DataFrame:
    """Return the table with rewards (n, K) by head, their mean and their sample variance."""
    columns = {f"reward_{head}": rewards[:, head].numpy() for head in range(rewards.shape[1])}
    columns["reward_mean"] = rewards.mean(1).numpy()
    columns["reward_variance"] = rewards.var(1).numpy() if rewards.shape[1] > 1 else float("nan")
    return table.assign(**columns)


@stage
def score(
    model: Inputs,
    responses: Inputs,
    scores: Outputs,
    state: State,
    settings: ScoringSettings,
    max_length: Length | None = None,
) -> None:
    """Rewards of responses, by one model or by the heads of several; a table for each file.

    max_length: of a prompt with its response, in tokens, a longer one loses its beginning; none: as
    many as the model has positions, 2,048 at most.
    """
    quieten()
    if len(responses) != len(scores):
        raise UserError(
            f"--responses names {len(responses)} files and --scores {len(scores)}; expected as "
            "many of one as of the other."
        )
    brought = [read_responses(path) for path in responses]
    for part, path in zip(brought, scores, strict=True):
        check_writable(part.table, path)
    rewards: list[list[torch.Tensor]] = [[] for _ in brought]
    for number, folder in enumerate(model):
        scorer = Scorer(open_artefact(folder), settings, max_length, state / str(number))
        for index, part in enumerate(brought):
            what = f"{responses[index]} by {folder}"
            found = scorer.rewards(part.prompts, part.responses, f"table-{index}", what)
            rewards[index].append(found)
    for part, parts, path in zip(brought, rewards, scores, strict=True):
        write_table(with_rewards(part.table, torch.cat(parts, dim=1)), path)
        log.info("written to %s", final_name(path))


if __name__ == "__main__":
    main(score)
