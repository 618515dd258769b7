"""Writes every prompt of the embedded world: its kind, its split and its gold baselines."""

import pandas as pd

from rewardlab.running.stage import Output, main, stage
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import PROPERTIES, build_gold
from rewardlab.world.grammar import all_prompts


def prompt_table(settings: WorldSettings) -> pd.DataFrame:
    """Return a row per prompt: prompt, kind, split, helpful_baseline, harmless_baseline."""
    gold = build_gold(settings)
    prompts = all_prompts()
    table = pd.DataFrame(prompts).rename(columns={"text": "prompt"})
    baselines = [gold.prompt_baseline(prompt.text)[1] for prompt in prompts]
    names = [f"{name}_baseline" for name in PROPERTIES]
    return table.join(pd.DataFrame(baselines, columns=names))


@stage
def list_prompts(prompts: Output, settings: WorldSettings) -> None:
    """Every prompt of the embedded world."""
    prompt_table(settings).to_parquet(prompts, index=False)


if __name__ == "__main__":
    main(list_prompts)
