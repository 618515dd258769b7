"""A real Slurm of one node on loopback, for tests: brought up from Debian's packages, and down
again.

    with cluster(folder) as slurm: ...

Needs root. Packages that were not there before are removed in the end: with Slurm's commands
present and no controller, programs that ask for one wait for ten seconds.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("slurm-wlm", "munge")
CPUS, MEMORY, CARDS = 8, 32000, 2
DAEMONS = ("slurmd", "slurmctld", "munged")
CONFIGURATION = """
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=86400
KillWait=5
SlurmctldTimeout=30
SlurmdTimeout=10
GresTypes=gpu
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:fake:{cards}
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def run(*command: str, **options) -> str:
    """Return what a command says; raises CalledProcessError if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    return done.stdout


def wait_for(what: str, holds, seconds: float = 60) -> None:
    """Return once `holds()` is true; raises TimeoutError that says what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.2)
    raise TimeoutError(f"{what}: not within {seconds:g} seconds")


def install() -> list[str]:
    """Install Slurm if it is not there; return the packages that were new."""
    if shutil.which("slurmctld") and shutil.which("munged"):
        return []
    before = installed()
    command = ("apt-get", "install", "-y", "--no-install-recommends", *PACKAGES)
    try:
        run(*command, env={"DEBIAN_FRONTEND": "noninteractive", "PATH": PATH})
    except subprocess.CalledProcessError:
        run("apt-get", "update")
        run(*command, env={"DEBIAN_FRONTEND": "noninteractive", "PATH": PATH})
    return sorted(installed() - before)


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def installed() -> set[str]:
    return set(run("dpkg-query", "-W", "-f", "${Package}\n").split())


class Slurm:
    """The running cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host = folder, socket.gethostname()

    def start(self) -> None:
        folder = self.folder
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(CARDS):
            card = folder / f"card{number}"
            if not card.exists():
                run("mknod", str(card), "c", "1", "3")
        text = CONFIGURATION.format(
            host=self.host, folder=folder, cpus=CPUS, memory=MEMORY, cards=CARDS
        )
        place = Path("/etc/slurm")  # and nowhere else: jobs lose every SLURM_ variable
        place.mkdir(exist_ok=True)
        there = place / "slurm.conf"
        if there.exists() and "ClusterName=loopback" not in there.read_text():
            raise FileExistsError(f"{there} is another cluster's; expected a machine without one")
        (place / "slurm.conf").write_text(text)
        (place / "gres.conf").write_text(
            f"NodeName={self.host} Name=gpu Type=fake File={folder}/card[0-{CARDS - 1}]\n"
        )
        (place / "cgroup.conf").write_text("")
        runtime = Path("/run/munge")
        runtime.mkdir(exist_ok=True)
        shutil.chown(runtime, "munge", "munge")
        runtime.chmod(0o755)
        run("runuser", "-u", "munge", "--", "/usr/sbin/munged", "--force")
        run("/usr/sbin/slurmctld")
        wait_for("slurmctld", lambda: "UP" in self.says("scontrol", "ping"))
        self.start_node()

    def start_node(self) -> None:
        run("/usr/sbin/slurmd", "-N", self.host)
        wait_for("an idle node", lambda: self.says("sinfo", "-h", "-o", "%t").startswith("idle"))

    def stop_node(self) -> None:
        _kill(self.folder / "slurmd.pid")

    @staticmethod
    def says(*command: str) -> str:
        """Return what a command says, whether it fails or not."""
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout.strip()

    def jobs(self, *columns: str) -> list[list[str]]:
        """Return a row of columns (squeue's letters) for every job that there was, oldest first."""
        form = "|".join(f"%{column}" for column in columns)
        rows = self.says("squeue", "-h", "-t", "all", "-S", "i", "-o", form).splitlines()
        return [[cell.strip() for cell in row.split("|")] for row in rows]

    def stop(self) -> None:
        subprocess.run(["scancel", "-u", "root"], capture_output=True, check=False)
        for name in ("slurmd", "slurmctld"):
            _kill(self.folder / f"{name}.pid")
        subprocess.run(["pkill", "-x", "munged"], check=False)


def _kill(pid_file: Path) -> None:
    if pid_file.exists():
        pid = pid_file.read_text().strip()
        subprocess.run(["kill", pid], check=False, capture_output=True)
        try:
            wait_for(f"the end of {pid}", lambda: not Path(f"/proc/{pid}").exists(), 15)
        except TimeoutError:
            subprocess.run(["kill", "-9", pid], check=False, capture_output=True)


@contextmanager
def cluster(folder: Path) -> Iterator[Slurm]:
    """Bring a cluster up, and down in the end with the packages that it needed."""
    new = install()
    slurm = Slurm(folder)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
        if new:
            subprocess.run(["apt-get", "purge", "-y", *new], capture_output=True, check=False)
            shutil.rmtree("/etc/slurm", ignore_errors=True)
