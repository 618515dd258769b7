"""Runs a stage or a figure as rules do: python -m rewardlab.job stages.rewards.score OPTIONS.

It does what python -m rewardlab.stages.rewards.score does, in less time: what libraries make while
they are loaded stays to the end, and looking through it for garbage, as they load and once more
at the end, takes a third of a short job.
"""

import gc
import importlib
import runpy
import sys


def run(module: str) -> None:
    """Load a module, then run it as a program with the words of this process's command line."""
    gc.disable()
    importlib.import_module(module)
    del sys.modules[module]  # it runs under another name, what it imports is there
    gc.freeze()
    gc.enable()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        gc.freeze()


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1].startswith("-"):
        sys.exit(f"{__doc__}")
    name = sys.argv.pop(1)
    run(f"rewardlab.{name}")
