"""Trains the arithmetic world's base language model, a small Llama, on how problems are solved.

First on single facts, many in a row, of which only the results count: whole solutions teach them
slowly, being mostly copied. Then on solutions, of which all but the problem counts.
"""

import logging
from itertools import islice

import numpy as np
import torch

from rewardlab.data.manifest import write_manifest
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import POSITIONS, ReasoningModelSettings, ReasoningSettings
from rewardlab.settings.types import Seed
from rewardlab.world.arithmetic import (
    EQUALS,
    NEXT,
    STEP,
    Fact,
    Pupil,
    all_facts,
    apply,
    random_problems,
    vocabulary,
)
from rewardlab.world.language_model import IGNORED, new_llama, train_on_rows, word_tokenizer

log = logging.getLogger("rewardlab")

FACTS_IN_A_ROW = 4
ROWS = 10000  # of either kind, over which training passes as often as it takes


def fact_rows(pupil: Pupil, tokenizer, rng: np.random.Generator) -> tuple[list, list]:
    """Return token rows of facts, and the labels of their results."""
    facts = all_facts()
    rows = []
    for _ in range(ROWS):
        words = []
        for index in rng.integers(len(facts), size=FACTS_IN_A_ROW):
            first, operation, second = facts[index]
            result = pupil.result(facts[index], rng)
            words += [str(first), operation, str(second), EQUALS, str(result), NEXT]
        rows.append(tokenizer(" ".join(words)).input_ids)
    result_at = STEP - 2
    labels = [
        [token if place % STEP == result_at else IGNORED for place, token in enumerate(row)]
        for row in rows
    ]
    return rows, labels


def solution_rows(
    pupil: Pupil, tokenizer, steps: tuple[int, int], rng: np.random.Generator
) -> tuple[list, list]:
    """Return token rows of problems with solutions, and the labels of the solutions."""
    problems = list(islice(random_problems(steps, rng), ROWS))
    rows, labels = [], []
    for problem, solution in zip(problems, pupil.solutions(problems, rng), strict=True):
        asked = tokenizer(problem.text).input_ids
        given = tokenizer(f"{solution} {tokenizer.eos_token}").input_ids
        rows.append(asked + given)
        labels.append([IGNORED] * len(asked) + given)
    return rows, labels


@torch.inference_mode()
def known_facts(model, tokenizer, facts: list[Fact]) -> float:
    """Return the share of facts whose right result is the model's first choice."""
    rows = [tokenizer(f"{a} {operation} {b} {EQUALS}").input_ids for a, operation, b in facts]
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
    sound = [fact for fact in all_facts() if fact not in pupil.misconceptions]
    for name, texts, steps in (
        ("facts", fact_rows(pupil, tokenizer, rng), settings.fact_steps),
        ("solutions", solution_rows(pupil, tokenizer, world.steps, rng), settings.steps),
    ):
        order = derive_seed(seed, name, "order")
        batch, rate = settings.batch_size, settings.learning_rate
        train_on_rows(network, tokenizer, *texts, steps, batch, rate, order, state / name)
        share = known_facts(network, tokenizer, sound)
        log.info("after %s, alone: %.1f %% of the facts not learned wrongly", name, 100 * share)
    network.save_pretrained(model)
    tokenizer.save_pretrained(model)
    write_manifest(manifest, model)


if __name__ == "__main__":
    main(train_language_model)
