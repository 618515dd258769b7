"""How far a long loop is: a bar on a terminal, a line now and then in the log."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator

log = logging.getLogger("rewardlab")


def progress(items: Iterable, what: str, total: int, every: float = 15.0) -> Iterator:
    """Yield from `items`, saying what is done, how far it is and how long it will still take.

    total: the number of items; every: seconds between two lines in the log.
    """
    bar = None
    if sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(total=total, desc=what, leave=False)
    start = last = time.monotonic()
    log.info("%s: 0 of %d", what, total)
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if bar is not None:
            bar.update()
        if now - last >= every or done == total:
            last = now
            left = (now - start) / done * (total - done)
            log.info(
                "%s: %d of %d, %.0f s so far, %.0f s left", what, done, total, now - start, left
            )
    if bar is not None:
        bar.close()
