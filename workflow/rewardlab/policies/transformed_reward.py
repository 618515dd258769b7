"""The reward of policies that are trained on transformed rewards of one property or several."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rewardlab.policies.proxy import EnsembleReward
from rewardlab.rewards.base_rewards import read_base_samples
from rewardlab.rewards.trunk import check_length, last_layer, load_reward_model
from rewardlab.rewards.utilities import Utility, utilities

BATCH = 512  # responses that are scored at once


class TransformedReward:
    """Utilities (n, K) of responses by K heads of each of P properties.

    The k-th head of one property goes with the k-th of the others. unit: the mean over base samples
    of the heads' sample deviation; with a single head, 1.
    """

    def __init__(
        self,
        properties: Mapping[str, EnsembleReward],
        prompts: Sequence[str],
        references: Sequence[Tensor],
        utility: Utility,
        unit: float = 1.0,
    ) -> None:
        """references: of each property, (n, K) to the n prompts that policies are trained on."""
        self.properties, self.references = properties, references
        self.rows: Mapping[str, int] = {prompt: row for row, prompt in enumerate(prompts)}
        self.utility, self.unit = utility, unit

    @property
    def heads(self) -> int:
        """Return the number of heads of each property, K."""
        return next(iter(self.properties.values())).heads

    def __call__(self, prompts: Sequence[str], responses: Sequence[str]) -> Tensor:
        """Return the utilities (n, K); raises KeyError on a prompt without references."""
        rows = [self.rows[prompt] for prompt in prompts]
        references = [reference[rows] for reference in self.references]
        return utilities(self.rewards(prompts, responses), references, self.utility)

    def rewards(self, prompts: Sequence[str], responses: Sequence[str]) -> list[Tensor]:
        """Return each property's rewards (n, K), as the heads give them."""
        return [reward(prompts, responses) for reward in self.properties.values()]


def load_transformed(
    ensembles: Sequence[Path],
    samples: Sequence[Path],
    references: Mapping[str, str],
    utility: Utility,
    max_length: int,
    device: str,
) -> TransformedReward:
    """Return the reward of policies on several properties' heads, which are folders.

    samples: of the base model to the prompts that policies are trained on, with each property's
    features; references: names, by property. Raises UserError if what the models read is too long,
    or a reference is missing.
    """
    properties, taken, of_samples = {}, [], []
    for folder, file, (name, reference) in zip(ensembles, samples, references.items(), strict=True):
        model, tokenizer = load_reward_model(folder)
        check_length(model, max_length, folder)
        heads = last_layer(model)[2].weight.detach().numpy()
        base = read_base_samples(file)  # all files have the same prompts in the same order
        properties[name] = EnsembleReward([(model.to(device), tokenizer)], max_length)
        taken.append(torch.from_numpy(base.references(reference, heads).T.astype(np.float32)))
        of_samples.append(torch.from_numpy(base.rewards(heads)))
    unit = 1.0
    if of_samples[0].shape[0] > 1:
        at = [reference.T[:, :, None].double() for reference in taken]
        unit = float(utilities(of_samples, at, utility).std(0).mean())
    return TransformedReward(properties, base.texts, taken, utility, unit)


def rewards_of(
    reward: EnsembleReward | TransformedReward, table: pd.DataFrame, head: int
) -> dict[str, np.ndarray]:
    """Return each property's rewards (n,) of a table's responses by one head, as reward_<name>.

    Nothing, where rewards are not transformed.
    """
    if not isinstance(reward, TransformedReward):
        return {}
    parts = []
    for start in range(0, len(table), BATCH):
        rows = table.iloc[start : start + BATCH]
        found = reward.rewards(rows.prompt.tolist(), rows.response.tolist())
        parts.append(torch.stack([part[:, head] for part in found]))
    together = torch.cat(parts, 1).numpy()
    names = (f"reward_{name}" for name in reward.properties)
    return dict(zip(names, together, strict=True))
