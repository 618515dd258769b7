"""What stands in a table several times is computed once."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def distinct_rows(table: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return a table's distinct rows, and which of them stands in each row."""
    distinct = table.drop_duplicates(ignore_index=True)
    keys = pd.MultiIndex.from_frame(distinct)
    return distinct, keys.get_indexer(pd.MultiIndex.from_frame(table))
