"""A reward trunk's features of samples of the base model, of their prompts and of the refusal.

A prompt alone is read as a text with an empty response. In the embedded world the samples' gold
rewards stand beside. Texts that were drawn several times are read once.
"""

import numpy as np
import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.rewards.base_rewards import BaseSamples, write_base_samples
from rewardlab.rewards.judgements import with_judgements
from rewardlab.rewards.scoring import Scorer, distinct_texts
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Inputs, Output, State, main, stage
from rewardlab.settings.judging import JudgeSettings
from rewardlab.settings.rewards import FeatureSettings, Length


@stage
def gather_samples(
    model: Input,
    responses: Input,
    samples: Output,
    state: State,
    settings: FeatureSettings,
    max_length: Length,
    judge: JudgeSettings,
    judged_set: str | None,
    judges: Inputs = (),
) -> None:
    """Features of samples (P, N, H), prompts (P, H) and refusals (P, H); gold rewards (P, N).

    judged_set: the preferences by which samples are judged, none: they are not; judges: the
    manifest of a model that does; none: gold.
    """
    quieten()
    table = pd.read_parquet(responses).sort_values(["prompt_id", "response_id"], kind="stable")
    drawn, refused = table[table.use.eq("base")], table[table.use.eq("refusal")]
    alone = drawn.drop_duplicates("prompt_id").assign(response="")
    texts, rows = distinct_texts(pd.concat([drawn, refused, alone]))
    scorer = Scorer(open_artefact(model), settings, max_length, state)
    features = scorer.features(texts.prompt.tolist(), texts.response.tolist()).numpy()
    ends = np.cumsum([len(drawn), len(refused)])
    of_drawn, of_refused, of_prompts = np.split(features[rows], ends)

    def gold_of(part: pd.DataFrame) -> np.ndarray | None:
        if judged_set is None or part.empty:
            return None
        kept = state / f"judged {part.use.iloc[0]}"
        found = with_judgements(part, [judged_set], judge, judges, kept)
        return found[f"gold_{judged_set}"].to_numpy(np.float32)

    count, width = len(alone), features.shape[1]
    gold = gold_of(drawn)
    found = BaseSamples(
        tuple(alone.prompt),
        of_drawn.reshape(count, -1, width),
        of_prompts,
        of_refused if len(refused) else None,
        None if gold is None else gold.reshape(count, -1),
        gold_of(refused),
    )
    write_base_samples(found, samples)


if __name__ == "__main__":
    main(gather_samples)
