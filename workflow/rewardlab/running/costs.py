"""What a stage cost, over all its attempts: a resumed stage counts whole."""

import csv
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def costs(state: Path, table: Path, what: str) -> Iterator[dict[str, object]]:
    """Write seconds, peak memory and whatever the caller notes as a table of one row.

    Time that an earlier, killed attempt spent is kept in the stage's state folder, up to its last
    sign of life there. state: the stage's own folder; yields the dict for notes.
    """
    record = state / "measured.json"
    before = json.loads(record.read_text()) if record.exists() else {"seconds": 0.0, "attempts": 0}
    if before["attempts"]:
        files = [file.stat().st_mtime for file in state.rglob("*") if file.is_file()]
        before["seconds"] += max(0.0, max(files) - before["started"])
    current = {**before, "attempts": before["attempts"] + 1, "started": time.time()}
    record.write_text(json.dumps(current))
    notes: dict[str, object] = {}
    start = time.monotonic()
    yield notes
    row = {
        "what": what,
        "seconds": round(before["seconds"] + time.monotonic() - start, 2),
        "attempts": current["attempts"],
        "peak_memory_gb": spent_by_process()["peak_memory_gb"],
        **notes,
    }
    with open(table, "w", newline="") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)


def spent_by_process() -> dict[str, float]:
    """Return what this process has taken so far: seconds of all its cores, and its peak memory."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "core_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_memory_gb": round(usage.ru_maxrss * unit / 1e9, 3),
    }
