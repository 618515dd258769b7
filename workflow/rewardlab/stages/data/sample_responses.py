"""Samples responses of the base model to prompts of one split, a row for each response.

Columns: prompt_id, response_id, use (what the response is for), prompt, response. A killed run goes
on where it was.
"""

import numpy as np
import pandas as pd
import torch

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import check_room, load_language_model, load_tokenizer
from rewardlab.data.prompts import drawn_prompts
from rewardlab.data.sampling import SamplingSettings
from rewardlab.policies.rollouts import sample_responses
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.types import Seed


def asked_prompts(table: pd.DataFrame, settings: SamplingSettings, seed: int) -> np.ndarray:
    """Return prompts of the split in random order; raises UserError if there are too few."""
    if settings.replacement:
        prompts = table.prompt[table.split.eq(settings.split)]
        return np.random.default_rng(seed).choice(prompts, settings.prompts)
    return drawn_prompts(table, settings.split, settings.prompts, seed)


def response_table(
    prompts: np.ndarray, uses: list[str], responses: np.ndarray, refusal: str | None
) -> pd.DataFrame:
    """Return a row for each response; responses: (n, N), N to each of n prompts."""
    if refusal is not None:
        uses = [*uses, "refusal"]
        responses = np.column_stack([responses, np.full(len(prompts), refusal, object)])
    count = len(uses)
    return pd.DataFrame(
        {
            "prompt_id": np.repeat(np.arange(len(prompts)), count),
            "response_id": np.tile(np.arange(count), len(prompts)),
            "use": np.tile(uses, len(prompts)),
            "prompt": np.repeat(prompts, count),
            "response": responses.ravel(),
        }
    )


@stage
def sample(
    model: Input,
    prompts: Input,
    responses: Output,
    state: State,
    settings: SamplingSettings,
    seed: Seed,
) -> None:
    """Responses of the base model, drawn once and used often."""
    quieten()
    drawn = asked_prompts(pd.read_parquet(prompts), settings, derive_seed(seed, "prompts"))
    uses = [use for use, count in settings.uses.items() for _ in range(count)]
    folder = open_artefact(model)
    language_model = load_language_model(folder)
    tokenizer = load_tokenizer(folder, padding_side="left")
    check_room(language_model, tokenizer, drawn, settings.response_tokens)
    language_model.to("cuda" if torch.cuda.is_available() else "cpu")
    by_prompt = settings.in_order == "prompt"
    asked = np.repeat(drawn, len(uses)) if by_prompt else np.tile(drawn, len(uses))
    texts = sample_responses(
        language_model,
        tokenizer,
        asked.tolist(),
        settings.response_tokens,
        derive_seed(seed, "responses"),
        settings.batch_size,
        state,
    )
    answers = np.array(texts, object)
    answers = answers.reshape(len(drawn), -1) if by_prompt else answers.reshape(-1, len(drawn)).T
    table = response_table(drawn, uses, answers, settings.refusal)
    table.to_parquet(responses, index=False)


if __name__ == "__main__":
    main(sample)
