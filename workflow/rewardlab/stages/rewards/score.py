"""Scores responses with a reward model or an ensemble: rewards per head, mean and variance.

Several models are one ensemble, and several tables are scored one by one. A table (parquet, or JSON
lines) needs the columns prompt and response; all its columns are kept. The result has reward_0,
reward_1, … (one for each head), reward_mean and reward_variance (the sample variance over heads;
missing for a single head). A killed run goes on where it was.

    python -m rewardlab.stages.rewards.score --model MODEL_FOLDER \\
        --responses MY.jsonl --scores OUT.parquet
"""

import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.rows import read_rows
from rewardlab.rewards.scoring import Scorer
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Inputs, Outputs, State, main, stage
from rewardlab.settings.rewards import ScoringSettings


def read_responses(path) -> pd.DataFrame:
    """Return the table; raises UserError naming the row without a prompt or a response."""
    rows = []
    for location, fields in read_rows([path]):
        for name in ("prompt", "response"):
            if not isinstance(fields.get(name), str):
                raise UserError(f"{location}: the field {name!r} is missing or is no text.")
        rows.append(fields)
    return pd.DataFrame(rows)


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
) -> None:
    """Rewards of responses, by one model or by the heads of several; a table for each file."""
    quieten()
    if len(responses) != len(scores):
        raise UserError(
            f"--responses names {len(responses)} files and --scores {len(scores)}; expected as "
            "many of one as of the other."
        )
    tables = [read_responses(path) for path in responses]
    rewards: list[list[torch.Tensor]] = [[] for _ in tables]
    for number, folder in enumerate(model):
        scorer = Scorer(open_artefact(folder), settings, state / str(number))
        for index, table in enumerate(tables):
            rewards[index].append(scorer.rewards(table.prompt, table.response, f"table-{index}"))
    for table, parts, path in zip(tables, rewards, scores, strict=True):
        with_rewards(table, torch.cat(parts, dim=1)).to_parquet(path, index=False)


if __name__ == "__main__":
    main(score)
