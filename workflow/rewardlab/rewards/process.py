"""Process reward models on step labels of one's own: token rows, labels and classes."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from transformers import PreTrainedTokenizerBase

from rewardlab.data.steps import Steps
from rewardlab.rewards.solutions import IGNORED, Rows


class Labelled(NamedTuple):
    """Token rows, the class of each token (IGNORED where none counts), and of which steps they are.

    steps: (solution, step) of each class that counts, row by row; cut: rows without their
    beginning.
    """

    rows: Rows
    labels: list[list[int]]
    steps: list[tuple[int, int]]
    cut: int


def encode_steps(
    tokenizer: PreTrainedTokenizerBase,
    solutions: Sequence[Steps],
    classes: Sequence[int],
    separator: str,
    max_length: int,
    inputs: Literal["solutions", "prefixes"],
) -> Labelled:
    """Return the rows of solutions; each step is closed by the separator, where its label stands.

    inputs: whole solutions, for models that read from left to right; or a row for each labelled
    step with what comes before it, since others would see how it goes on. A long row loses its
    beginning. classes: the labels that there are, in order; one that is not among them, or of a
    step without token, counts for nothing.
    """
    first = [] if tokenizer.cls_token_id is None else [tokenizer.cls_token_id]
    last = [] if tokenizer.sep_token_id is None else [tokenizer.sep_token_id]
    places = {label: place for place, label in enumerate(classes)}
    found = Labelled([], [], [], 0)
    cut = 0
    for number, (prompt, steps, given) in enumerate(solutions):
        parts = tokenizer(
            [f"{prompt} ", *(f"{step}{separator}" for step in steps)], add_special_tokens=False
        ).input_ids
        known = [at for at, label in enumerate(given) if label in places and parts[at + 1]]
        for group in [known] if inputs == "solutions" else [[at] for at in known]:
            if not group:
                continue
            row, labels = list(parts[0]), [IGNORED] * len(parts[0])
            for at in range(group[-1] + 1):
                row += parts[at + 1]
                labels += [IGNORED] * len(parts[at + 1])
                if at in group:
                    labels[-1] = places[given[at]]
            room = max_length - len(first) - len(last)
            cut += len(row) > room
            row, labels = row[-room:], labels[-room:]
            kept = sum(label != IGNORED for label in labels)
            found.rows.append(first + row + last)
            found.labels.append([IGNORED] * len(first) + labels + [IGNORED] * len(last))
            found.steps.extend((number, at) for at in group[len(group) - kept :])
    return found._replace(cut=cut)


def classes_of(solutions: Iterable[Steps]) -> list[int]:
    """Return the labels that there are, in order."""
    return sorted({label for one in solutions for label in one.labels if label is not None})
