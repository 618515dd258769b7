"""Whether a reward is the logit of "the probability that the piece of text is chosen".

Chosen over what: for the reward as it is, over a random response of the base model to the prompt;
for the reward less that of the canned refusal, over the refusal. Beside both a pointwise model,
which learns the first of these by cross-entropy from labels good and bad. The truth is the world's
gold, of the first property whose rewards are combined. Columns of the table: series, said, true,
share: means over bins with as many responses each.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import expit

from rewardlab.data.manifest import open_artefact
from rewardlab.evaluation.cross_entropy import calibration
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.statistics import bootstrap_interval
from rewardlab.evaluation.tables import write_csv
from rewardlab.rewards.pointwise import train_pointwise
from rewardlab.rewards.texts import encode
from rewardlab.rewards.trunk import load_reward_model, rewards_of
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.book import CalibrationSettings
from rewardlab.settings.rewards import Length
from rewardlab.settings.types import Seed
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold

Array = NDArray[np.float64]
RAW, CENTRED, POINTWISE = "reward", "reward less the refusal's", "pointwise model"
RESAMPLES = 1000


class Series(NamedTuple):
    """A logit of responses by prompt (P, M), and the true probability of the event (P, M)."""

    logit: Array
    true: Array


def preferred_to_any(gold: Array, others: Array) -> Array:
    """Return the probability that each response (P, M) is preferred to one of others (P, R)."""
    return expit(gold[:, :, None] - others[:, None, :]).mean(-1)


def binned(series: Series, bins: int) -> tuple[Array, Array, Array]:
    """Return sums of what is said, of what is true, and counts, by prompt and bin, (P, bins)."""
    said = expit(series.logit)
    limits = np.quantile(said, np.arange(1, bins) / bins)
    member = np.searchsorted(limits, said)
    chosen = member[:, :, None] == np.arange(bins)
    return tuple(
        (part[:, :, None] * chosen).sum(1) for part in (said, series.true, np.ones_like(said))
    )


def calibration_error(series: Series, bins: int, seed: int) -> Quantity:
    """Return how far what is said is from what is true, over bins; prompts are the units."""
    sums = np.stack(binned(series, bins), axis=1)  # (P, 3, bins)

    def error(sample: Array) -> Array:
        total = sample.sum(1)
        return np.abs(total[:, 0] - total[:, 1]).sum(-1) / total[:, 2].sum(-1)

    interval = bootstrap_interval(error, sums, np.random.default_rng(seed), resamples=RESAMPLES)
    return Quantity(float(error(sums[None])[0]), *interval)


def pointwise_logits(
    trunk,
    train: pd.DataFrame,
    evaluation: pd.DataFrame,
    settings: CalibrationSettings,
    max_length: int,
    seed: int,
    folder,
) -> Array:
    """Return the logits (n,) of a model that learned whether a response beats a random one.

    train: responses with gold; each is judged once, against another response to its prompt.
    """
    rng = np.random.default_rng(derive_seed(seed, "labels"))
    gold = train.gold.to_numpy().reshape(train.prompt_id.nunique(), -1)
    count = gold.shape[1]
    other = (np.arange(count) + rng.integers(1, count, gold.shape)) % count
    beaten = np.take_along_axis(gold, other, 1)
    labels = (rng.random(gold.shape) < expit(gold - beaten)).ravel()
    taken = rng.permutation(len(train))[: settings.responses]
    torch.manual_seed(derive_seed(seed, "head"))
    model, tokenizer = load_reward_model(trunk, heads=1)
    texts = train.iloc[taken]
    rows = encode(tokenizer, texts.prompt.tolist(), texts.response.tolist(), max_length)
    order = derive_seed(seed, "order")
    train_pointwise(model, tokenizer, rows, labels[taken, None], settings, order, str(folder))
    rows = encode(tokenizer, evaluation.prompt.tolist(), evaluation.response.tolist(), max_length)
    return rewards_of(model, tokenizer, rows).numpy()


def in_words(slopes: dict[str, Quantity], errors: dict[str, Quantity]) -> Iterator[str]:
    """Yield how well each series is calibrated."""
    for name, slope in slopes.items():
        yield f"{name}: calibration slope {slope:.2f}, what is said is off by {errors[name]:.3f}"


@stage
def tabulate_calibration(
    trunk: Input,
    train: Input,
    evaluation: Input,
    pool: Input,
    table: Output,
    findings: Output,
    claims: Output,
    state: State,
    world: WorldSettings,
    settings: CalibrationSettings,
    max_length: Length,
    name: str,
    seed: Seed,
) -> None:
    """B5, of the property `name`; pool: its rewards; train, evaluation: responses."""
    quieten()
    column = f"gold_{name}"
    texts = with_gold(pd.read_parquet(evaluation), world)
    refusals = texts[texts.use.eq("refusal")].set_index("prompt_id")[column]
    texts = texts[texts.use.ne("refusal")].merge(
        pd.read_parquet(pool).drop(columns=[column, "use"]), on=["prompt_id", "response_id"]
    )
    prompts = texts.prompt_id.nunique()
    texts = texts.sort_values(["prompt_id", "response_id"])
    number = texts.groupby(["prompt_id", "use"]).cumcount()
    texts = texts[texts.use.ne("pool") | number.lt(settings.samples)]

    def arrays(use: str, names: list[str]) -> list[Array]:
        rows = texts[texts.use.eq(use)]
        return [rows[part].to_numpy(float).reshape(prompts, -1) for part in names]

    gold, rewards, refused = arrays("pool", [column, name, f"{name}_refusal"])
    (others,) = arrays("reference", [column])
    seen = with_gold(pd.read_parquet(train), world)
    seen = seen[seen.use.ne("refusal")].sort_values("prompt_id", kind="stable")
    chosen = texts[texts.use.eq("pool")]
    learned = pointwise_logits(
        open_artefact(trunk),
        seen.assign(gold=seen[column]),
        chosen,
        settings,
        max_length,
        seed,
        state / "pointwise",
    ).reshape(gold.shape)
    over_base = preferred_to_any(gold, others)
    over_refusal = expit(gold - refusals.sort_index().to_numpy()[:, None])
    series = {
        RAW: Series(rewards, over_base),
        CENTRED: Series(rewards - refused, over_refusal),
        POINTWISE: Series(learned, over_base),
    }
    slopes = {key: calibration(*one).slope for key, one in series.items()}
    errors = {
        key: calibration_error(one, settings.bins, derive_seed(seed, "resamples"))
        for key, one in series.items()
    }
    parts = []
    for key, one in series.items():
        said, true, counts = (part.sum(0) for part in binned(one, settings.bins))
        columns = {"said": said / counts, "true": true / counts, "share": counts / counts.sum()}
        parts.append(pd.DataFrame(columns).assign(series=key))
    write_csv(pd.concat(parts, ignore_index=True), table)
    words = list(in_words(slopes, errors))
    quantities = {"slope": {RAW: slopes[RAW]}, "calibration error": {RAW: errors[RAW]}}
    evidence = f"{'; '.join(words)} (one training run of each model)"
    write_findings([Finding("B5", quantities, ("slope", RAW), evidence)], claims)
    findings.write_text(". ".join(word[0].upper() + word[1:] for word in words) + ".\n")


if __name__ == "__main__":
    main(tabulate_calibration)
