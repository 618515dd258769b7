"""Samples a pool of responses from the base model, to be scored once and chosen from often.

evaluation: distinct prompts of the evaluation split, with N responses each (use: pool), and further
ones for references (use: reference). train: prompts of the training split, on which quantiles are
learnt. Every prompt also has the canned refusal (use: refusal). Columns: prompt_id, response_id,
use, prompt, response. A killed run goes on where it was.
"""

import numpy as np
import pandas as pd
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rewardlab.command_line import Command, Job
from rewardlab.data.manifest import open_artefact
from rewardlab.errors import UserError
from rewardlab.libraries import quieten
from rewardlab.policies.rollouts import sample_responses
from rewardlab.rewards.aggregation_settings import PoolSettings
from rewardlab.seeds import derive_seed

BATCH = 2048


def uses_of(settings: PoolSettings, split: str) -> tuple[int, list[str]]:
    """Return the number of prompts of a split, and what each of a prompt's responses is for."""
    if split == "evaluation":
        uses = ["pool"] * settings.samples + ["reference"] * settings.reference_samples
        return settings.evaluation_prompts, uses
    return settings.training_prompts, ["reference"] * settings.training_samples


def drawn_prompts(table: pd.DataFrame, split: str, count: int, seed: int) -> np.ndarray:
    """Return distinct prompts of a split in random order; raises UserError if there are too few."""
    prompts = table.prompt[table.split.eq(split)].drop_duplicates().to_numpy()
    if len(prompts) < count:
        raise UserError(
            f"aggregation.pool asks for {count} prompts of the split {split}, but there are "
            f"{len(prompts)}."
        )
    return np.random.default_rng(seed).permutation(prompts)[:count]


def run(job: Job) -> None:
    quieten()
    settings, split = job.settings, job.options["split"]
    if split not in ("train", "evaluation"):
        raise UserError(f"--split is {split!r}; expected train or evaluation.")
    count, uses = uses_of(settings, split)
    table = pd.read_parquet(job.inputs["prompts"])
    prompts = drawn_prompts(table, split, count, derive_seed(job.seed, "prompts"))
    folder = open_artefact(job.inputs["model"])
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    responses = sample_responses(
        model,
        tokenizer,
        np.repeat(prompts, len(uses)).tolist(),
        settings.response_tokens,
        derive_seed(job.seed, "responses"),
        BATCH,
        job.state,
    )
    per_prompt = [*uses, "refusal"]
    answers = np.array(responses, object).reshape(count, len(uses))
    answers = np.column_stack([answers, np.full(count, settings.refusal, object)])
    pool = pd.DataFrame(
        {
            "prompt_id": np.repeat(np.arange(count), len(per_prompt)),
            "response_id": np.tile(np.arange(len(per_prompt)), count),
            "use": np.tile(per_prompt, count),
            "prompt": np.repeat(prompts, len(per_prompt)),
            "response": answers.ravel(),
        }
    )
    pool.to_parquet(job.outputs["pool"], index=False)


COMMAND = Command(
    __spec__.name,
    run,
    settings=PoolSettings,
    seeded=True,
    resumable=True,
    inputs=("model", "prompts"),
    outputs=("pool",),
    options={"split": "train (to learn quantiles) or evaluation (to choose from)"},
)

if __name__ == "__main__":
    COMMAND.main()
