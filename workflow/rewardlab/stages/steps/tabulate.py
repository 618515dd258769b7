"""How a process reward model does on held-out steps.

Its accuracy over the classes, beside that of the most frequent label of the training steps; and
where a beginning has several next steps with different labels, how often the one that it likes best
has the best label, beside one at random. Problems are the units of intervals. Columns of the table:
panel, name, value, low, high, is_baseline.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_tokenizer
from rewardlab.data.steps import Steps
from rewardlab.data.steps_table import steps_of_split
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import over_units
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.rewards.process import encode_steps
from rewardlab.rewards.solutions import IGNORED
from rewardlab.rewards.texts import prepare_tokenizer
from rewardlab.rewards.verifiers import load_token_model, token_outputs
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Inputs, Output, main, stage
from rewardlab.settings.tokens import ProcessSettings

Array = NDArray[np.float64]


class Judged(NamedTuple):
    """Held-out steps: their labels, the class probabilities (n, C), problems, and what they are of.

    beginnings: problem and steps before each.
    """

    labels: Array
    probabilities: Array
    problems: list[str]
    beginnings: list[tuple[str, ...]]


def judge_steps(model, tokenizer, solutions: list[Steps], settings: ProcessSettings) -> Judged:
    """Return what the model says of every labelled step."""
    classes = [int(model.config.id2label[place]) for place in range(model.config.num_labels)]
    labelled = encode_steps(
        tokenizer, solutions, classes, settings.separator, settings.max_length, settings.inputs
    )
    outputs = token_outputs(model, labelled.rows, tokenizer.pad_token_id)
    said = [
        output.softmax(-1)[place].numpy()
        for output, labels in zip(outputs, labelled.labels, strict=True)
        for place, label in enumerate(labels)
        if label != IGNORED
    ]
    found = [(solutions[number], at) for number, at in labelled.steps]
    return Judged(
        np.array([one.labels[at] for one, at in found], float),
        np.array(said, float),
        [one.prompt for one, _ in found],
        [(one.prompt, *one.steps[:at]) for one, at in found],
    )


def alternatives(judged: Judged, liked: Array) -> pd.DataFrame:
    """Return chosen and random, by beginning with next steps of several labels, and its problem.

    liked: by which the model chooses, (n,).
    """
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, beginning in enumerate(judged.beginnings):
        groups[beginning].append(number)
    rows = []
    for beginning, members in groups.items():
        labels = judged.labels[members]
        if np.ptp(labels) == 0:
            continue
        best = labels == labels.max()
        top = liked[members] == liked[members].max()
        rows.append((beginning[0], best[top].mean(), best.mean()))
    return pd.DataFrame(rows, columns=["problem", "chosen", "random"])


COLUMNS = ["panel", "name", "value", "low", "high", "is_baseline"]


def mean_by_problem(values: Array, problems: Sequence[str]) -> Quantity:
    """Return the mean of values (n,), with problems as the units of its interval."""
    values = np.asarray(values, float)
    return over_units(lambda kept: float(values[kept].mean()), problems).quantity


def measured(
    model: Path, steps: Path, settings: ProcessSettings, name: str
) -> tuple[list[tuple], str]:
    """Return the rows of one set's model, and what they say."""
    folder = open_artefact(model)
    network, tokenizer = load_token_model(folder), prepare_tokenizer(load_tokenizer(folder))
    judged = judge_steps(network, tokenizer, steps_of_split(steps, "evaluation"), settings)
    classes = np.array([int(label) for label in network.config.id2label.values()])
    said = classes[judged.probabilities.argmax(1)]
    seen = Counter(
        label for one in steps_of_split(steps, "train") for label in one.labels if label is not None
    )
    ((frequent, _),) = seen.most_common(1)
    offered = alternatives(judged, judged.probabilities @ classes)
    right, best = f"{name}: steps labelled right", f"{name}: best of several"
    found = [
        (right, "process model", said == judged.labels, judged.problems, False),
        (right, f"always {frequent}", judged.labels == frequent, judged.problems, True),
        (best, "the one liked best", offered.chosen, offered.problem, False),
        (best, "one at random", offered.random, offered.problem, True),
    ]
    rows = [
        (panel, label, *mean_by_problem(values, list(problems))[:3], is_baseline)
        for panel, label, values, problems, is_baseline in found
        if len(values)
    ]
    lines = ", ".join(
        f"{label} {share(value)} [{share(low)}, {share(high)}]"
        for _, label, value, low, high, _ in rows
    )
    return rows, (
        f"{name}, of {len(judged.labels)} held-out steps of {len(set(judged.problems))} problems, "
        f"and {len(offered)} beginnings with next steps of several labels: {lines}."
    )


@stage
def tabulate(
    table: Output,
    findings: Output,
    settings: ProcessSettings,
    names: list[str],
    models: Inputs = (),
    steps: Inputs = (),
) -> None:
    """Step accuracy and the best of alternatives, of the evaluation split of each set."""
    if not names:
        raise UserError(
            "data.steps names no set; expected step labels, as the README describes them."
        )
    quieten()
    rows, lines = [], []
    for model, file, name in zip(models, steps, names, strict=True):
        found, said = measured(model, file, settings, name)
        rows += found
        lines.append(said)
    write_csv(pd.DataFrame(rows, columns=COLUMNS), table)
    findings.write_text(" ".join(lines) + "\n")


if __name__ == "__main__":
    main(tabulate)
