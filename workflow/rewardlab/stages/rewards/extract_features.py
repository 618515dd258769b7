"""Computes the frozen trunk's pooled features of both sides of every preference pair, once."""

from safetensors.torch import save_file

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pairs_table import training_pairs
from rewardlab.rewards.scoring import Scorer
from rewardlab.running.costs import costs
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.settings.rewards import FeatureSettings, Length


@stage
def extract_features(
    model: Input,
    preferences: Input,
    features: Output,
    measured: Output,
    state: State,
    settings: FeatureSettings,
    max_length: Length,
) -> None:
    """The frozen trunk's features of every preference pair, once for all heads."""
    quieten()
    pairs = training_pairs(preferences)
    prompts = [*pairs.prompt, *pairs.prompt]
    responses = [*pairs.chosen, *pairs.rejected]
    with costs(state, measured, what="features") as notes:
        reward_model = Scorer(open_artefact(model), settings, max_length, state)
        chosen, rejected = reward_model.features(prompts, responses).chunk(2)
        notes["texts"] = len(prompts)
    tensors = {"chosen": chosen.contiguous(), "rejected": rejected.contiguous()}
    save_file(tensors, features)


if __name__ == "__main__":
    main(extract_features)
