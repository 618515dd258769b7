"""Trains the arithmetic world's base language model, a small Llama, on how problems are solved.

First on whole solutions, until it copies what a step takes from the problem and from the step
before. Then of most of them the results count alone: in whole solutions they are one token of
seven, and the facts behind them are learned slowly. A part stays whole, or else the rest would be
forgotten.
"""

import logging
from itertools import islice, pairwise

import numpy as np
import torch

from rewardlab.data.manifest import write_manifest
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import POSITIONS, ReasoningModelSettings, ReasoningSettings
from rewardlab.settings.types import Seed
from rewardlab.world.arithmetic import (
    ASK,
    EQUALS,
    NAMES,
    Fact,
    Pupil,
    all_facts,
    apply,
    random_problems,
    vocabulary,
)
from rewardlab.world.language_model import IGNORED, new_llama, train_on_rows, word_tokenizer

log = logging.getLogger("rewardlab")

ROWS = 10000  # solutions, over which training passes as often as it takes
WHOLE = 8  # one of so many solutions counts as a whole in the second part


def solution_rows(
    pupil: Pupil, tokenizer, rng: np.random.Generator
) -> tuple[list[list[int]], list[list[int]]]:
    """Return token rows of problems with solutions, and the labels of the solutions."""
    problems = list(islice(random_problems(pupil.settings, rng), ROWS))
    rows, labels = [], []
    for problem, solution in zip(problems, pupil.solutions(problems, rng), strict=True):
        asked = tokenizer(problem.text).input_ids
        given = tokenizer(f"{solution} {tokenizer.eos_token}").input_ids
        rows.append(asked + given)
        labels.append([IGNORED] * len(asked) + given)
    return rows, labels


def mostly_results(rows: list[list[int]], labels: list[list[int]], equals: int) -> list[list[int]]:
    """Return labels of what stands behind an equals sign; of one in WHOLE rows, all its labels."""
    return [
        whole
        if number % WHOLE == 0
        else [IGNORED] + [new if old == equals else IGNORED for old, new in pairwise(row)]
        for number, (row, whole) in enumerate(zip(rows, labels, strict=True))
    ]


@torch.inference_mode()
def known_facts(model, tokenizer, facts: list[Fact]) -> float:
    """Return the share of facts whose right result is the model's first choice, in a first step."""
    name, *others = NAMES[:3]
    rest = " ".join(f"{other} + 2" for other in others)
    texts = [f"{a} {name} {op} {b} {rest} {ASK} {name} {a} {op} {b} {EQUALS}" for a, op, b in facts]
    rows = [tokenizer(text).input_ids for text in texts]
    said = model(torch.tensor(rows)).logits[:, -1].argmax(-1)
    right = torch.tensor([tokenizer(str(apply(*fact))).input_ids[0] for fact in facts])
    return float((said == right).double().mean())


@stage
def train_language_model(
    model: Output,
    manifest: Output,
    state: State,
    world: ReasoningSettings,
    settings: ReasoningModelSettings,
    seed: Seed,
) -> None:
    """The arithmetic world's base language model."""
    quieten()
    pupil, tokenizer = Pupil(world), word_tokenizer(vocabulary(), POSITIONS)
    network = new_llama(
        tokenizer, settings.layers, settings.width, settings.heads, derive_seed(seed, "weights")
    )
    rng = np.random.default_rng(derive_seed(seed, "texts"))
    rows, labels = solution_rows(pupil, tokenizer, rng)
    results = mostly_results(rows, labels, tokenizer.convert_tokens_to_ids(EQUALS))
    sound = [fact for fact in all_facts(world) if fact not in pupil.misconceptions]
    for name, counted, steps in (
        ("whole solutions", labels, settings.steps),
        ("results", results, settings.result_steps),
    ):
        order = derive_seed(seed, name, "order")
        batch, rate = settings.batch_size, settings.learning_rate
        train_on_rows(network, tokenizer, rows, counted, steps, batch, rate, order, state / name)
        share = known_facts(network, tokenizer, sound)
        log.info("after %s: %.1f %% of the facts not learned wrongly", name, 100 * share)
    network.save_pretrained(model)
    tokenizer.save_pretrained(model)
    write_manifest(manifest, model)


if __name__ == "__main__":
    main(train_language_model)
