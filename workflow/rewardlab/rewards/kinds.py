"""Kinds of reward model on solutions by name: what each is trained on, and how it scores.

All start from the same language model and see the same solutions, but for pairs: a right against a
wrong solution of a problem, of those that have both. outcome: whether the answer is right, at every
token; outcome_language: the same beside the language model's loss; outcome_pairs: the same of the
solutions that stand in pairs alone; process: whether the step is right, at its end; value: the
outcome that is expected, at every token; generative: a verdict in words.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.data.pretrained import load_language_model
from rewardlab.rewards.solutions import (
    Solved,
    encode_solutions,
    matched_pairs,
    outcome_labels,
    step_labels,
    verdict_rows,
)
from rewardlab.rewards.training import train_reward_model
from rewardlab.rewards.trunk import load_reward_model, rewards_of
from rewardlab.rewards.verifiers import new_token_model, token_outputs, train_tokens
from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import VerifierSettings
from rewardlab.settings.rewards import RewardModelSettings
from rewardlab.world.arithmetic import LAST, NO, RIGHT, SEPARATORS, YES

Array = NDArray[np.float64]

PAIRS, OUTCOME, OUTCOME_LANGUAGE = "pairs", "outcome", "outcome_language"
OUTCOME_PAIRS = "outcome_pairs"
PROCESS, VALUE, GENERATIVE = "process", "value", "generative"
KINDS = (PAIRS, OUTCOME, OUTCOME_LANGUAGE, OUTCOME_PAIRS, PROCESS, VALUE, GENERATIVE)
# How a process reward model's steps make a score of a solution.
STEPS_TOGETHER = {"minimum": np.min, "product": np.prod, "last": lambda steps: steps[-1]}


class Words(NamedTuple):
    """Tokens of the arithmetic world that kinds of reward model need."""

    separators: frozenset[int]
    last: int
    asking: list[int]
    verdicts: tuple[int, int]


def words_of(tokenizer: PreTrainedTokenizerBase) -> Words:
    """Return these tokens."""

    def token(word: str) -> int:
        return tokenizer.convert_tokens_to_ids(word)

    separators = frozenset(map(token, SEPARATORS))
    return Words(separators, token(LAST), [token(RIGHT)], (token(NO), token(YES)))


def train_kind(
    kind: str,
    folder: Path,
    tokenizer: PreTrainedTokenizerBase,
    table: pd.DataFrame,
    settings: VerifierSettings,
    seed: int,
    state: Path,
) -> PreTrainedModel:
    """Return a reward model of the kind, trained on checked solutions.

    folder: the language model; table: problem_id, prompt, solution, steps and is_right; state:
    where trainers may write.
    """
    torch.manual_seed(derive_seed(seed, "head"))
    if kind == OUTCOME_PAIRS:
        table = table[table.groupby("problem_id").is_right.transform("nunique").eq(2)]
    order, words = derive_seed(seed, "order"), words_of(tokenizer)
    solved = encode_solutions(tokenizer, table.prompt.tolist(), table.solution.tolist())
    outcomes = table.is_right.astype(int).tolist()
    if kind == PAIRS:
        return _train_on_pairs(folder, table, solved, settings, order, state)
    if kind == GENERATIVE:
        model = load_language_model(folder)
        rows, labels = verdict_rows(solved, words.asking, words.verdicts, outcomes)
        train_tokens(model, tokenizer, rows, labels, settings, order, state)
        return model
    model = new_token_model(folder, 1 if kind == VALUE else 2)
    if kind != VALUE:
        model.config.id2label = {0: "wrong", 1: "right"}
        model.config.label2id = {"wrong": 0, "right": 1}
    steps = [list(map(int, labels)) for labels in table.steps]
    labels = (
        step_labels(solved, words.separators, steps)
        if kind == PROCESS
        else outcome_labels(solved, outcomes)
    )
    weight = settings.language_weight if kind == OUTCOME_LANGUAGE else 0.0
    train_tokens(model, tokenizer, solved.rows, labels, settings, order, state, weight)
    return model


def _train_on_pairs(
    folder: Path,
    table: pd.DataFrame,
    solved: Solved,
    settings: VerifierSettings,
    seed: int,
    state: Path,
) -> PreTrainedModel:
    model, tokenizer = load_reward_model(folder, heads=1)
    pairs = matched_pairs(table.problem_id.tolist(), table.is_right.tolist())
    if not pairs:
        raise UserError(
            f"of {table.problem_id.nunique()} problems none has both a right and a wrong solution, "
            "which a reward model of pairs learns from; expected more samples (kinds), or a "
            "language model that solves some (reasoning_model)."
        )
    chosen, rejected = ([solved.rows[pair[side]] for pair in pairs] for side in (0, 1))
    how = RewardModelSettings(
        learning_rate=settings.learning_rate,
        weight_decay=0.0,
        batch_size=max(1, settings.batch_size // 2),
        schedule="cosine",
        epochs=settings.epochs,
        stop_loss=0.0,
        smoothing=1,
        checkpoint_steps=10**6,
    )
    train_reward_model(model, tokenizer, chosen, rejected, how, seed, state)
    return model


def along_tokens(
    kind: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, solved: Solved
) -> list[Array]:
    """Return what a model says at every token of each row, (T,): NaN where it says nothing.

    Probabilities of outcome and process reward models, expected outcomes, and at the last token the
    reward of a model of pairs or the log odds of a generative one's verdict.
    """
    words = words_of(tokenizer)
    rows = solved.rows
    if kind == GENERATIVE:
        rows = [[*row[:-1], *words.asking] for row in rows]
    if kind == PAIRS:
        rewards = rewards_of(model, tokenizer, rows).tolist()
        return [_at_last(row, reward) for row, reward in zip(rows, rewards, strict=True)]
    outputs = token_outputs(model, rows, tokenizer.pad_token_id)
    if kind == GENERATIVE:
        wrong, right = words.verdicts
        said = [float(output[-1, right] - output[-1, wrong]) for output in outputs]
        return [_at_last(row, value) for row, value in zip(solved.rows, said, strict=True)]
    values = [output[:, 0] if kind == VALUE else output.softmax(-1)[:, 1] for output in outputs]
    found = []
    for row, start, value in zip(*solved, values, strict=True):
        said = value.double().numpy().copy()
        counts = np.arange(len(row)) >= start
        if kind == PROCESS:
            counts &= np.isin(row, list(words.separators))
            if words.last not in row:  # it breaks off, within a step
                counts[-1] = True
        found.append(np.where(counts, said, np.nan))
    return found


def _at_last(row: Sequence[int], value: float) -> Array:
    said = np.full(len(row), np.nan)
    said[-1] = value
    return said


def scores(kind: str, said: Sequence[Array]) -> dict[str, Array]:
    """Return the scores of solutions (n,) from what a model says along them, by name.

    One by what it says at last; of a process reward model one for each way to put steps together.
    """
    if kind != PROCESS:
        return {kind: np.array([values[-1] for values in said])}
    steps = [values[~np.isnan(values)] for values in said]
    return {
        f"{kind}_{name}": np.array([float(together(values)) for values in steps])
        for name, together in STEPS_TOGETHER.items()
    }
