"""Predicts quantiles of a prompt's rewards from the prompt alone, without sampling.

A linear layer on the prompt's features is fitted to the samples of the training prompts by quantile
regression, and applied to the evaluation prompts, none of which it has seen. Writes prompt, and
predict_<name> for each quantile.
"""

import pandas as pd

from rewardlab.data.manifest import open_artefact
from rewardlab.rewards.references import fit_quantile_head
from rewardlab.rewards.scoring import Scorer
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.settings.rewards import FeatureSettings, Length
from rewardlab.settings.types import Name, NonNegative, OpenProbability


@stage
def predict_quantiles(
    model: Input,
    train: Input,
    evaluation: Input,
    references: Output,
    state: State,
    settings: FeatureSettings,
    max_length: Length,
    quantiles: dict[Name, OpenProbability],
    penalty: NonNegative,
) -> None:
    """Quantiles of the evaluation prompts' rewards, predicted from the prompts alone.

    train, evaluation: scored responses to either prompts; quantiles: by name; penalty: of the
    squared weights.
    """
    quieten()
    learnt, asked = (
        pd.read_parquet(path, columns=["prompt_id", "use", "prompt", "reward_0"])
        for path in (train, evaluation)
    )
    # A prompt is read as a text with an empty response.
    order = pd.concat([learnt, asked]).prompt.drop_duplicates()
    scorer = Scorer(open_artefact(model), settings, max_length, state)
    features = scorer.features(order.tolist(), [""] * len(order)).numpy().astype(float)
    samples = learnt[learnt.use.eq("reference")].sort_values("prompt_id", kind="stable")
    prompts = samples.prompt.drop_duplicates()
    rewards = samples.reward_0.to_numpy(float).reshape(len(prompts), -1)
    row = pd.Series(range(len(order)), index=order)
    predicted = pd.DataFrame({"prompt": asked.prompt.drop_duplicates().to_numpy()})
    for name, quantile in quantiles.items():
        head = fit_quantile_head(features[row[prompts]], rewards, quantile, penalty)
        predicted[f"predict_{name}"] = head(features[row[predicted.prompt]])
    predicted.to_parquet(references, index=False)


if __name__ == "__main__":
    main(predict_quantiles)
