"""What judges policies' responses: the embedded world's gold rewards, or models that no policy
sees.

Either gives a table the columns gold_<set>, one for each set of preferences.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rewardlab.settings.rewards import FeatureSettings
from rewardlab.settings.world import WorldSettings
from rewardlab.world.gold import with_gold


def with_judgements(
    table: pd.DataFrame,
    sets: Sequence[str],
    world: WorldSettings,
    judges: Sequence[Path],
    settings: FeatureSettings,
    max_length: int | None,
    state: Path,
) -> pd.DataFrame:
    """Return a table of prompts and responses with gold_<set> for each of the sets.

    judges: manifests of reward models, one for each set; none: the world's gold judges, which has
    its own sets. settings, max_length: how a model reads; state: a folder of this very computation.
    Raises UserError if a model cannot be read.
    """
    if not judges:
        return with_gold(table, world)
    # What gold judges does not wait for the import.
    from rewardlab.data.manifest import open_artefact
    from rewardlab.rewards.scoring import Scorer, distinct_texts
    from rewardlab.running.libraries import quieten

    quieten()
    texts, rows = distinct_texts(table)
    columns, known = {}, {}
    for name, manifest in zip(sets, judges, strict=True):
        if manifest not in known:
            scorer = Scorer(open_artefact(manifest), settings, max_length, state / name)
            prompts, responses = texts.prompt.tolist(), texts.response.tolist()
            rewards = scorer.rewards(prompts, responses, what=f"judging by {manifest}")
            known[manifest] = rewards[:, 0].double().numpy()
        columns[f"gold_{name}"] = known[manifest][rows]
    return table.assign(**columns)
