"""The embedded world at a glance: what is said, what it is worth, and what preferences cover."""

import pandas as pd

from rewardlab.data.pairs_table import sampled_pairs
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world import lexicon
from rewardlab.world.gold import PROPERTIES, Gold, build_gold
from rewardlab.world.usage import FLATTERY

SHOWN = 1500  # samples of each source that the table holds


def sample_table(gold: Gold, source: str, prompts: pd.Series, responses: pd.Series) -> pd.DataFrame:
    """Return a row per sample: source, kind, texts, gold rewards, qualities, counts of words.

    A quality is a reward without the prompt's baseline: what the response itself is worth.
    """
    prompts, responses = prompts.head(SHOWN).tolist(), responses.head(SHOWN).tolist()
    rewards = gold.rewards(prompts, responses)
    baselines = [gold.prompt_baseline(prompt) for prompt in prompts]
    words = [response.split() for response in responses]
    columns = {
        "source": source,
        "kind": [lexicon.KINDS[kind] for kind, _ in baselines],
        "prompt": prompts,
        "response": responses,
    }
    for column, name in enumerate(PROPERTIES):
        columns[name] = rewards[:, column]
        columns[f"{name}_quality"] = [
            reward - baseline[column]
            for reward, (_, baseline) in zip(rewards[:, column], baselines, strict=True)
        ]
    columns["overall"] = gold.overall(rewards)
    columns["dialect_words"] = [
        sum(word in lexicon.DIALECT_WORDS for word in text) for text in words
    ]
    columns["flattery_words"] = [sum(word in FLATTERY for word in text) for text in words]
    return pd.DataFrame(columns)


def world_table(settings: WorldSettings, pairs: pd.DataFrame, preferences: pd.DataFrame):
    """Return the samples of the base model, of the preference pairs, and the canned refusals."""
    gold = build_gold(settings)
    refusals = pairs.prompt.drop_duplicates()
    return pd.concat(
        [
            sample_table(gold, "base model", pairs.prompt, pairs["first"]),
            sample_table(gold, "preference pairs", preferences.prompt, preferences.chosen),
            sample_table(
                gold, "canned refusal", refusals, pd.Series([lexicon.REFUSAL] * len(refusals))
            ),
        ],
        ignore_index=True,
    )


def findings_of(table: pd.DataFrame, settings: WorldSettings) -> str:
    """Return the caption's sentences on this world."""
    base = table[table.source.eq("base model")]
    covered = table[table.source.eq("preference pairs")]
    correlation = base.helpful_quality.corr(base.harmless_quality)
    flattered, plain = base[base.flattery_words > 0], base[base.flattery_words == 0]
    return f"""\
World seed {settings.seed}, dialect {settings.dialect.value}, coverage
{settings.dialect.coverage}. In {len(base)} samples of the base model, the two properties'
qualities (gold rewards without the prompt's baseline) correlate at {correlation:.2f};
{share(base.dialect_words.gt(0).mean())} of the samples contain dialect, and
{share(covered.dialect_words.gt(0).mean())} of the chosen responses of the preference pairs do.
Flattery is worth nothing, but comes with good advice: the mean helpful quality is
{flattered.helpful_quality.mean():.2f} with it and {plain.helpful_quality.mean():.2f} without.
"""


@stage
def describe_world(
    responses: Input,
    preferences: Input,
    table: Output,
    findings: Output,
    settings: WorldSettings,
) -> None:
    """The overview's table: samples, what they are worth, and what preferences cover."""
    pairs = sampled_pairs(pd.read_parquet(responses))
    samples = world_table(settings, pairs, pd.read_parquet(preferences))
    write_csv(samples, table)
    findings.write_text(findings_of(samples, settings))


if __name__ == "__main__":
    main(describe_world)
