"""What happens to a run: kills, signals, limits, and files that a hand or a disk changes.

    python tests/interruptions.py                 # all of them, on the way to one figure's table
    python tests/interruptions.py truncated       # some
    python tests/interruptions.py kill --whole    # killed at any moment of a run of everything

Each is tried in a fresh copy of the repository, at the `test` scale. What was said is compared by
eye; that tables equal those of an undisturbed run, by bytes. File systems are mounted where root
may.
"""

import argparse
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from repository import copy_repository

SNAKEMAKE = Path(sys.executable).parent / "snakemake"
TARGET = "results/test/tables/uncertainty/fig8.csv"  # a language model, a reward model, heads
SCALE = "--configfile=tests/test.yaml"
NOISE = re.compile(
    r"^(\s|\[|$)|^(Using|Config|Assuming|Building|Provided|Rules|Job|Select|Execute)"
)


class Copy:
    """A copy of the repository."""

    def __init__(self, folder: Path, target: str = TARGET, lasts: float = 20) -> None:
        """target: what is asked for; lasts: seconds that making it takes, undisturbed."""
        self.folder, self.target, self.lasts = folder, target, lasts
        copy_repository(folder)

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        # A pipe that nobody reads would hold up a long run.
        said = tempfile.TemporaryFile("w+")  # noqa: SIM115  it goes with the process
        process = subprocess.Popen(
            [SNAKEMAKE, "--cores", "2", *arguments, SCALE],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
        process.said = said
        return process

    def verbatim(self, command: str) -> None:
        """Run a command as a message tells it, in the environment of this project."""
        path = f"{SNAKEMAKE.parent}:{os.environ['PATH']}"
        subprocess.run(
            command.split(),
            cwd=self.folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            check=False,
        )

    def run(self, *arguments: str, **options) -> tuple[int, str]:
        process = self.start(*arguments, **options)
        said = end_of(process, timeout=1200)
        return process.returncode, said

    def stages(self) -> list[int]:
        """Return the processes of this copy's stages."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                at_home = (entry / "cwd").resolve() == self.folder.resolve()
            except OSError:
                continue
            if at_home and b"-m\0rewardlab." in command:
                found.append(int(entry.name))
        return found

    def settled(self) -> None:
        """Wait until no stage of this copy is left."""
        while self.stages():
            time.sleep(0.2)

    def tables(self) -> dict[str, bytes]:
        results = self.folder / "results/test"
        return {
            str(file.relative_to(results)): file.read_bytes()
            for file in sorted(results.rglob("*"))
            if file.suffix in (".csv", ".parquet", ".safetensors")
            and "_measured" not in file.name
            and not any(part.startswith(".") for part in file.relative_to(results).parts)
        }


def end_of(process: subprocess.Popen, timeout: float | None = None) -> str:
    """Wait until a run has ended, and return what it said."""
    process.wait(timeout)
    process.said.seek(0)
    return process.said.read()


class Outcome(NamedTuple):
    """What was said, and what was run to recover."""

    said: str
    recovery: str


Fault = Callable[[Copy, random.Random], Outcome]
FAULTS: dict[str, tuple[bool, Fault]] = {}
"""By name: whether it begins with a finished run, and what is done."""


def fault(name: str, finished: bool = False):
    def listed(function: Fault) -> Fault:
        FAULTS[name] = finished, function
        return function

    return listed


def sentence(said: str) -> str:
    """Return the line that tells what is wrong: a stage's own, or else Snakemake's last words."""
    lines = [line for line in said.splitlines() if line.strip()]
    own = [line for line in lines if re.match(r"^[a-z_]+(\.[a-z_]+)?( stopped|:| was)", line)]
    logged = [line.split(" ERROR ", 1)[1] for line in lines if " ERROR " in line]
    last = [line for line in lines if not NOISE.match(line)]
    return (own or logged or last or ["nothing"])[-1 if not own else 0]


def wait_for_stage(copy: Copy, process: subprocess.Popen, seconds: float) -> None:
    """Wait until a stage runs and some time has gone by, or the run is over."""
    end = time.monotonic() + seconds
    while process.poll() is None and (time.monotonic() < end or not copy.stages()):
        time.sleep(0.05)


def at_some_moment(copy: Copy, rng: random.Random) -> subprocess.Popen:
    """Return a run that has gone on for some time."""
    process = copy.start(copy.target)
    wait_for_stage(copy, process, rng.uniform(4, max(5, 0.7 * copy.lasts)))
    return process


@fault("kill -9 of snakemake")
def kill_snakemake(copy: Copy, rng: random.Random) -> Outcome:
    process = at_some_moment(copy, rng)
    process.kill()
    end_of(process)
    copy.settled()
    said = sentence(copy.run(copy.target)[1])
    copy.run("--unlock", copy.target)
    return Outcome(said, "snakemake --unlock, and again")


@fault("kill -9 of a stage")
def kill_stage(copy: Copy, rng: random.Random) -> Outcome:
    process = at_some_moment(copy, rng)
    for stage in copy.stages()[:1]:
        os.kill(stage, signal.SIGKILL)
    said = end_of(process)
    copy.settled()
    return Outcome(sentence(said), "again")


@fault("Ctrl-C")
def interrupt(copy: Copy, rng: random.Random) -> Outcome:
    process = at_some_moment(copy, rng)
    os.killpg(process.pid, signal.SIGINT)
    said = end_of(process)
    copy.settled()
    return Outcome(sentence(said), "again")


@fault("SIGTERM, and SIGKILL after a grace period")
def terminate(copy: Copy, rng: random.Random) -> Outcome:
    process = at_some_moment(copy, rng)
    os.killpg(process.pid, signal.SIGTERM)
    try:
        said = end_of(process, timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said = end_of(process)
    copy.settled()
    copy.run("--unlock", copy.target)
    return Outcome(sentence(said), "again (after --unlock, if killed)")


@fault("disk full")
def disk_full(copy: Copy, rng: random.Random) -> Outcome:
    results = copy.folder / "results"
    results.mkdir()
    mount("-t", "tmpfs", "-o", "size=300k", "tmpfs", str(results))
    said = copy.run(copy.target)[1]
    mount("-o", "remount,size=200m", str(results))
    return Outcome(sentence(said), "again, with room")


@fault("results on a read-only file system")
def read_only(copy: Copy, rng: random.Random) -> Outcome:
    results = copy.folder / "results"
    results.mkdir()
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", str(results))
    said = copy.run(copy.target)[1]
    mount("-o", "remount,rw", str(results))
    return Outcome(sentence(said), "again, where one may write")


@fault("a stage out of memory (ulimit -v)")
def out_of_memory(copy: Copy, rng: random.Random) -> Outcome:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))

    said = copy.run(copy.target, preexec_fn=limit)[1]
    copy.settled()
    copy.run("--unlock", copy.target)
    return Outcome(sentence(said), "again, with memory")


@fault("two runs in one folder")
def two_runs(copy: Copy, rng: random.Random) -> Outcome:
    process = copy.start(copy.target)
    wait_for_stage(copy, process, 4)
    said = copy.run(copy.target)[1]
    end_of(process)
    return Outcome(sentence(said), "none: the first run goes on")


@fault("a clock set back", finished=True)
def clock(copy: Copy, rng: random.Random) -> Outcome:
    later = time.time() + 86400
    for file in (copy.folder / "results").rglob("*"):
        os.utime(file, (later, later))
    said = copy.run(copy.target)[1]
    return Outcome("Nothing to be done" if "Nothing to be done" in said else sentence(said), "none")


def changed(pattern: str, change: Callable[[Path, random.Random], None]) -> Fault:
    """Return a fault that changes a file of a finished run, asks `verify`, and does as it says."""

    def tried(copy: Copy, rng: random.Random) -> Outcome:
        files = sorted((copy.folder / "results/test").glob(pattern))
        change(rng.choice(files), rng)
        said = sentence(copy.run("verify")[1])
        commands = re.findall(r"run: (snakemake [^)]*)\)", said)
        assert commands, said
        for command in commands:
            copy.verbatim(command)
        return Outcome(said, commands[0])

    return tried


def cut(file: Path, rng: random.Random) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path, rng: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


for _name, _pattern, _change in (
    ("a table truncated", "tables/uncertainty/*.csv", cut),
    ("a table emptied", "tables/uncertainty/*.csv", lambda file, rng: file.write_bytes(b"")),
    ("a table deleted", "tables/uncertainty/*.csv", lambda file, rng: file.unlink()),
    ("a bit of a parquet flipped", "preferences/overall.parquet", flip),
    ("a bit of a safetensors flipped", "features/*.safetensors", flip),
    ("a bit of a JSON flipped", "models/*.json", flip),
):
    fault(_name, finished=True)(changed(_pattern, _change))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def tried(name: str, folder: Path, whole: Copy, seed: int) -> tuple[Outcome, bool, bool]:
    """Return the outcome of a fault, whether the run recovers, and whether its tables are equal.

    whole: an undisturbed run.
    """
    finished, disturb = FAULTS[name]
    copy = Copy(folder, whole.target, whole.lasts)
    if finished:
        for part in ("results", ".snakemake"):
            subprocess.run(["cp", "-a", whole.folder / part, folder / part], check=True)
    try:
        outcome = disturb(copy, random.Random(seed))
        code, _ = copy.run(copy.target)
        return outcome, code == 0, copy.tables() == whole.tables()
    finally:
        subprocess.run(["umount", folder / "results"], capture_output=True, check=False)


def undisturbed(folder: Path, target: str = TARGET) -> Copy:
    """Return a copy in which the target has been made."""
    copy = Copy(folder, target)
    start = time.monotonic()
    code, said = copy.run(target)
    copy.lasts = time.monotonic() - start
    if code:
        sys.exit(f"the undisturbed run failed:\n{said}")
    return copy


def main() -> None:
    parser = argparse.ArgumentParser(
        description=f"{__doc__.splitlines()[0]} File systems are mounted where root may.",
        epilog="Faults: " + "; ".join(FAULTS),
    )
    parser.add_argument("words", nargs="*", help="of the faults to try (none: all)")
    parser.add_argument("--kills", type=int, default=10, help="times that each kill is tried")
    parser.add_argument("--whole", action="store_true", help="make everything, not one table")
    given = parser.parse_args()
    for word in given.words:
        if not any(word in name for name in FAULTS):
            parser.error(f"no fault is called like {word!r}; there are: {', '.join(FAULTS)}")
    names = [name for name in FAULTS if not given.words or any(w in name for w in given.words)]
    failed = False
    with tempfile.TemporaryDirectory() as place:
        whole = undisturbed(Path(place) / "undisturbed", "all" if given.whole else TARGET)
        print("| fault | what is said | then | recovered | tables equal |\n|---|---|---|---|---|")
        for name in names:
            for seed in range(given.kills if "kill -9" in name else 1):
                folder = Path(place) / f"{names.index(name)}-{seed}"
                outcome, ended, equal = tried(name, folder, whole, seed)
                words = (outcome.said.replace(place, "…"), outcome.recovery)
                marks = ["yes" if good else "NO" for good in (ended, equal)]
                print(f"| {name} | {' | '.join((*words, *marks))} |", flush=True)
                failed |= not (ended and equal)
                shutil.rmtree(folder, ignore_errors=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
