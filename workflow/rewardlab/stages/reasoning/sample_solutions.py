"""Samples solutions of the arithmetic world's problems from its language model, and checks them.

A row for each solution: split (train or evaluation), problem_id, sample, prompt, solution, steps
(whether each is right), is_right (its answer), all_right (and every step), luck (how a right answer
came about in spite of a wrong step, if it did).
"""

import logging

import numpy as np
import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_language_model, load_tokenizer
from rewardlab.policies.rollouts import sample_responses
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import KindsSettings, ReasoningSettings
from rewardlab.settings.types import Seed
from rewardlab.world.arithmetic import check, draw_problems, longest_solution

log = logging.getLogger("rewardlab")
BATCH = 2048


@stage
def sample_solutions(
    model: Input,
    solutions: Output,
    state: State,
    world: ReasoningSettings,
    settings: KindsSettings,
    seed: Seed,
) -> None:
    """Checked solutions to problems for training, and to others for evaluation."""
    quieten()
    folder = open_artefact(model)
    network, tokenizer = load_language_model(folder), load_tokenizer(folder, padding_side="left")
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    counts = {
        "train": (settings.training_problems, settings.training_samples),
        "evaluation": (settings.evaluation_problems, settings.evaluation_samples),
    }
    rng = np.random.default_rng(derive_seed(seed, "problems"))
    problems = draw_problems(sum(count for count, _ in counts.values()), world, rng)
    longest = longest_solution(world)
    parts, first = [], 0
    for split, (count, samples) in counts.items():
        asked = problems[first : first + count]
        repeated = [problem for problem in asked for _ in range(samples)]
        texts = sample_responses(
            network,
            tokenizer,
            [problem.text for problem in repeated],
            longest,
            derive_seed(seed, split),
            BATCH,
            state / split,
            min_p=settings.min_p,
        )
        checked = [check(*row) for row in zip(repeated, texts, strict=True)]
        table = pd.DataFrame(
            {
                "split": split,
                "problem_id": np.repeat(np.arange(first, first + count), samples),
                "sample": np.tile(np.arange(samples), count),
                "prompt": [problem.text for problem in repeated],
                "solution": texts,
                "steps": [list(found.steps) for found in checked],
                "is_right": [found.is_right for found in checked],
                "all_right": [found.all_right for found in checked],
                "luck": [found.luck for found in checked],
            }
        )
        log.info("%s: %.3f of %d solutions are right", split, table.is_right.mean(), len(table))
        parts.append(table)
        first += count
    pd.concat(parts, ignore_index=True).to_parquet(solutions, index=False)


if __name__ == "__main__":
    main(sample_solutions)
