"""A pool of responses with their rewards, as a table that people bring and as arrays.

One row a response: prompt_id, response_id, a column for each reward, and optionally `use` (pool:
may be chosen, the default; reference: further samples of the base model, for quantiles), judges'
columns, and references as <reward>_<reference>, the same in all rows of a prompt.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.data.tables import Place, read_table, with_index_as_columns
from rewardlab.running.errors import UserError
from rewardlab.settings.aggregation import CombiningSettings

Array = NDArray[np.float64]
IDS = ["prompt_id", "response_id"]
USES = ("pool", "reference")


class Pool(NamedTuple):
    """n prompts with N responses each, rewarded on P properties.

    prompts: (n,) ids; responses: (n, N) ids; rewards: (P, n, N); judged: (J, n, N), the same by J
    judges, or None; others: (P, n, R), reference samples, R may be 0; references: name → (P, n).
    """

    prompts: NDArray[np.object_]
    responses: NDArray[np.object_]
    rewards: Array
    judged: Array | None
    others: Array
    references: dict[str, Array]


def read_pool(path: Path, settings: CombiningSettings) -> pd.DataFrame:
    """Return the table, whose name's ending says what it is, with what the settings name, checked.

    Raises UserError that names the column, or the line, that is wrong.
    """
    table, place = read_table(path, texts=["use", *IDS])
    table = with_index_as_columns(table)
    numbers = list(dict.fromkeys([*settings.rewards, *settings.judges]))
    fixed = [f"{name}_{part}" for part in settings.references for name in settings.rewards]
    fixed = [name for name in fixed if name not in numbers]
    for name in (*IDS, *numbers, *fixed):
        if name not in table:
            known = ", ".join(map(str, table.columns))
            raise UserError(f"{path} has no column {name!r}; its columns are {known}.")
    if "use" not in table:
        table = table.assign(use="pool")
    table = table[[*IDS, "use", *numbers, *fixed]].reset_index(drop=True)
    for name in IDS:
        if table[name].map(type).nunique() > 1 and table[name].notna().all():
            table[name] = table[name].astype(str)  # 1 and "a" have no order
    _check_values(table, [*numbers, *fixed], place)
    _check_prompts(table, fixed, settings, path, place)
    return table


def _check_values(table: pd.DataFrame, numbers: list[str], where: Place) -> None:
    for name in IDS:
        missing = table[name].isna() | table[name].eq("")  # the latter in CSV, where ids are texts
        if missing.any():
            raise UserError(f"{where(int(missing.argmax()))}: {name} is missing.")
    unknown = ~table.use.isin(USES)
    if unknown.any():
        row = int(unknown.argmax())
        raise UserError(f"{where(row)}: use is {table.use[row]!r}; expected {' or '.join(USES)}.")
    for name in numbers:
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            found = table[name][row]
            raise UserError(f"{where(row)}: {name} is {found}; expected a finite number.")
        table[name] = values
    doubled = table.duplicated(IDS)
    if doubled.any():
        row = int(doubled.argmax())
        prompt, response = table.loc[row, IDS]
        raise UserError(
            f"{where(row)}: prompt_id {prompt} has the response_id {response} a second time."
        )


def _check_prompts(
    table: pd.DataFrame,
    fixed: list[str],
    settings: CombiningSettings,
    path: Path,
    where: Place,
) -> None:
    for name in fixed:
        first = table.groupby("prompt_id", sort=False)[name].transform("first")
        if not first.equals(table[name]):
            row = int(first.ne(table[name]).argmax())
            raise UserError(
                f"{where(row)}: {name} is {table[name][row]:g}, but it is {first[row]:g} elsewhere "
                f"for prompt_id {table.prompt_id[row]}; expected one value for each prompt."
            )
    pooled = table.use.eq("pool")
    counts = pooled.groupby(table.prompt_id, sort=False).sum()
    if counts.empty:
        raise UserError(f"{path} has no rows.")
    least, largest = counts.min(), max(settings.k)
    if least <= largest:
        raise UserError(
            f"{path}: prompt_id {counts.idxmin()} has {least} responses to choose from, but "
            f"k = {largest} needs {largest + 1}: k, and one more to compare with."
        )
    others = (~pooled).groupby(table.prompt_id, sort=False).sum()
    if others.any() and not others.all():
        raise UserError(
            f"{path}: prompt_id {others.idxmin()} has no row with use = reference, as other "
            "prompts have."
        )


def pools_of(table: pd.DataFrame, settings: CombiningSettings) -> list[Pool]:
    """Return the table's pools: one for all prompts that have equally many responses."""
    pooled = table.use.eq("pool")
    grouped = pooled.groupby(table.prompt_id, sort=False)
    others = (~pooled).groupby(table.prompt_id, sort=False)
    shape = pd.DataFrame({"pool": grouped.sum(), "others": others.sum()})
    pools = []
    for (samples, further), group in shape.groupby(["pool", "others"], sort=False):
        rows = table[table.prompt_id.isin(group.index)]
        rows = rows.sort_values("prompt_id", kind="stable")
        chosen, other = rows[rows.use.eq("pool")], rows[rows.use.ne("pool")]
        count = len(group)

        def laid_out(part: pd.DataFrame, names, width: int, count: int = count) -> Array:
            values = [part[name].to_numpy(float).reshape(count, width) for name in names]
            return np.stack(values)

        heads = chosen.iloc[::samples]
        pools.append(
            Pool(
                heads.prompt_id.to_numpy(object),
                chosen.response_id.to_numpy(object).reshape(count, samples),
                laid_out(chosen, settings.rewards, samples),
                laid_out(chosen, settings.judges, samples) if settings.judges else None,
                laid_out(other, settings.rewards, further),
                {
                    part: np.stack([heads[f"{name}_{part}"] for name in settings.rewards])
                    for part in settings.references
                },
            )
        )
    return pools
