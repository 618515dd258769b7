"""Scores the evaluation problems' solutions by every reward model, and three of them token by
token.

Columns of the scores: run, problem_id, sample, and one for each score (`rewardlab.rewards.kinds`);
likelihood is the base model's own log-probability of the solution. Columns of the examples:
example, place, token, kind, said.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_language_model, load_tokenizer
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.kinds import GENERATIVE, KINDS, PAIRS, along_tokens, scores
from rewardlab.rewards.solutions import Solved, encode_solutions
from rewardlab.rewards.trunk import load_reward_model
from rewardlab.rewards.verifiers import load_token_model, token_outputs
from rewardlab.running.libraries import quieten
from rewardlab.running.progress import progress
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.types import Count
from rewardlab.world.arithmetic import CANCELLED

LIKELIHOOD = "likelihood"


def load_kind(kind: str, folder: Path):
    """Return a reward model of a kind from its folder, by the class that the kind has."""
    if kind == PAIRS:
        return load_reward_model(folder)[0]
    if kind == GENERATIVE:
        return load_language_model(folder)
    return load_token_model(folder)


def log_likelihoods(model, tokenizer, solved: Solved) -> np.ndarray:
    """Return the log-probability (n,) of each solution with its end, given the problem."""
    found = []
    outputs = token_outputs(model, solved.rows, tokenizer.pad_token_id)
    for row, start, output in zip(*solved, outputs, strict=True):
        following = torch.tensor(row[start:])
        logs = output[start - 1 : -1].log_softmax(-1)
        found.append(float(logs.gather(1, following[:, None]).sum()))
    return np.array(found)


def examples(table: pd.DataFrame) -> dict[str, int]:
    """Return by name the row of a solution that shows what kinds of reward model tell apart.

    The first of each sort in the table's order: all right; wrong at the second step; right by two
    errors that cancel. One that there is not is left out.
    """
    wrong_at_second = table.steps.map(lambda steps: list(steps[:2]) == [True, False])
    sorts = {
        "all steps right": table.all_right,
        "wrong at step 2": wrong_at_second & ~table.is_right,
        "right by two errors": table.luck.eq(CANCELLED),
    }
    return {name: int(rows.to_numpy().argmax()) for name, rows in sorts.items() if rows.any()}


@stage
def score_solutions(
    model: Input,
    models: Input,
    solutions: Input,
    scored: Output,
    shown: Output,
    runs: Count,
) -> None:
    """Scores of solutions; models: the manifest of the reward models' folder."""
    quieten()
    base, folder = open_artefact(model), open_artefact(models)
    tokenizer = load_tokenizer(base)
    table = pd.read_parquet(solutions)
    table = table[table.split.eq("evaluation")].reset_index(drop=True)
    texts = pd.MultiIndex.from_frame(table[["prompt", "solution"]])
    distinct = texts.unique()  # most are drawn many times
    at = distinct.get_indexer(texts)
    solved = encode_solutions(tokenizer, *(distinct.get_level_values(n).tolist() for n in (0, 1)))
    likelihood = log_likelihoods(load_language_model(base), tokenizer, solved)[at]
    chosen, parts, lines = examples(table), [], []
    for run in progress(range(runs), "scoring solutions", runs):
        part = table[["problem_id", "sample"]].assign(run=run, **{LIKELIHOOD: likelihood})
        for kind in KINDS:
            network = load_kind(kind, folder / str(run) / kind)
            said = along_tokens(kind, network, tokenizer, solved)
            part = part.assign(**{name: found[at] for name, found in scores(kind, said).items()})
            for name, row in chosen.items() if run == 0 else ():
                words = tokenizer.convert_ids_to_tokens(solved.rows[at[row]])
                columns = {"place": range(len(words)), "token": words, "said": said[at[row]]}
                lines.append(pd.DataFrame(columns).assign(example=name, kind=kind))
        parts.append(part)
    pd.concat(parts, ignore_index=True).to_parquet(scored, index=False)
    write_csv(pd.concat(lines, ignore_index=True) if lines else pd.DataFrame(), shown)


if __name__ == "__main__":
    main(score_solutions)
