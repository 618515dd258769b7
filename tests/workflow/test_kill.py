"""kill -9 in the middle of a run: nothing is corrupted, and the rerun gives the same tables."""

import os
import signal
import time


def kill_during(checkout, log_name: str):
    """Start `all`, kill snakemake alone when the stage with this log is running."""
    process = checkout.start("--configfile=tests/test.yaml")
    log = checkout.path(f"logs/test/{log_name}.log")
    while not (log.exists() and "settings" in log.read_text()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def stages_of(checkout) -> list[int]:
    """Return the processes of stages that run in this checkout."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                folder = os.readlink(f"/proc/{entry}/cwd")
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if folder == str(checkout.folder) and b"-m" in words:
                found.append(int(entry))
    return found


def same_as_undisturbed(checkout, finished):
    """Run two chapters to their end, and compare all that there is with an undisturbed run."""
    run = checkout.run("aggregation_judge", "transforming_utility")
    assert run.code == 0, run.text
    tables, undisturbed = checkout.tables(), finished.tables()
    assert {"tables/aggregation/judge.csv", "tables/transforming/utility.csv"} < set(tables)
    assert tables == {name: undisturbed[name] for name in tables}


def test_after_a_kill_the_orphan_is_named_and_the_rerun_gives_the_same_tables(
    finished_once, checkout
):
    # A longer training, so that the orphan is still at work when the rerun begins.
    checkout.edit("tests/test.yaml", "steps: 4,", "steps: 20000,")
    kill_during(checkout, "train_world_model")
    assert not checkout.path("results/test/models/world.json").exists()
    orphans = stages_of(checkout)
    assert orphans, "the killed run left no stage behind: there is nothing to test"

    locked = checkout.run()
    assert locked.code != 0
    assert "--unlock" in locked.text

    # As the README says: unlock, and run again. The orphan still writes the model: it is named.
    assert checkout.run("--unlock").code == 0
    refused = checkout.run("results/test/models/world.json")
    assert refused.code != 0
    assert any(f"is being written by process {orphan}" in refused.text for orphan in orphans)
    assert "Traceback" not in refused.text

    # End it, and run again with the settings of the undisturbed run.
    for orphan in stages_of(checkout):
        os.kill(orphan, signal.SIGKILL)
    checkout.edit("tests/test.yaml", "steps: 20000,", "steps: 4,")
    same_as_undisturbed(checkout, finished_once)


def test_orphans_that_end_by_themselves_corrupt_nothing(finished_once, checkout):
    kill_during(checkout, "train_world_model")
    assert checkout.run("--unlock").code == 0
    while stages_of(checkout):
        time.sleep(0.1)
    same_as_undisturbed(checkout, finished_once)
