"""What reward models on solutions learn from: token rows and a label for each token.

A label counts where it is not IGNORED. Pure functions; the kinds are those of the RLHF book's
chapter on reward modeling, which gives the labels of process reward models as TRL packs them.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from rewardlab.running.errors import UserError
from rewardlab.world.language_model import IGNORED

Rows = list[list[int]]


class Solved(NamedTuple):
    """Token rows of problems with their solutions, and where in them the solutions begin."""

    rows: Rows
    starts: list[int]


def encode_solutions(
    tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], solutions: Sequence[str]
) -> Solved:
    """Return the rows of prompts with solutions, each closed by the end token."""
    asked = tokenizer(list(prompts), add_special_tokens=False).input_ids
    given = tokenizer(list(solutions), add_special_tokens=False).input_ids
    end = [tokenizer.eos_token_id]
    rows = [[*first, *then, *end] for first, then in zip(asked, given, strict=True)]
    return Solved(rows, [len(first) for first in asked])


def outcome_labels(solved: Solved, outcomes: Sequence[float]) -> list[list[float]]:
    """Return the outcome at every token of each solution: the target of outcome reward models."""
    return [
        [IGNORED] * start + [outcome] * (len(row) - start)
        for row, start, outcome in zip(*solved, outcomes, strict=True)
    ]


def step_labels(
    solved: Solved, separators: Collection[int], steps: Sequence[Sequence[int]]
) -> list[list[int]]:
    """Return the label of each step at the separator that ends it: of process reward models.

    separators: their tokens. A solution that breaks off has its last label, without a separator, at
    its last token. Raises UserError where steps and separators are of different numbers otherwise.
    """
    found = []
    for number, (row, start, labels) in enumerate(zip(*solved, steps, strict=True)):
        places = [at for at in range(start, len(row)) if row[at] in separators]
        if len(places) == len(labels) - 1:
            places.append(len(row) - 1)
        if len(places) < len(labels):
            raise UserError(
                f"solution {number} (counted from 0) has {len(labels)} step labels, but "
                f"{len(places)} steps; expected one each."
            )
        at_places = dict(zip(places, labels, strict=False))
        found.append([at_places.get(at, IGNORED) for at in range(len(row))])
    return found


def verdict_rows(
    solved: Solved, asking: Sequence[int], verdicts: tuple[int, int], outcomes: Sequence[int]
) -> tuple[Rows, list[list[int]]]:
    """Return rows that end in a verdict, which alone counts: what generative reward models say.

    asking: tokens that ask for one, instead of the end; verdicts: the tokens of wrong and right.
    """
    rows, labels = [], []
    for row, outcome in zip(solved.rows, outcomes, strict=True):
        verdict = verdicts[int(outcome)]
        rows.append([*row[:-1], *asking, verdict])
        labels.append([IGNORED] * (len(rows[-1]) - 1) + [verdict])
    return rows, labels


def matched_pairs(problems: Sequence[object], outcomes: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the numbers of a right and a wrong solution of one problem each.

    Of each problem with both, as many as the more frequent of them has, so that every solution
    stands in a pair.
    """
    by_problem: dict[object, tuple[list[int], list[int]]] = {}
    for number, (problem, outcome) in enumerate(zip(problems, outcomes, strict=True)):
        by_problem.setdefault(problem, ([], []))[bool(outcome)].append(number)
    return [
        (right[at % len(right)], wrong[at % len(wrong)])
        for wrong, right in by_problem.values()
        if wrong and right
        for at in range(max(len(right), len(wrong)))
    ]
