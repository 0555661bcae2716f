"""Processes that use the embedded servers, as the tests of them need: started, asked, ended, killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DEADLINE = 30
USES_THE_SERVERS = (
    "from config import embedded; embedded.start(); print('ready', flush=True); input(); embedded.leave()"
)


def eventually(question: Callable[[], object], *, within: float = DEADLINE) -> bool:
    """Whether the answer becomes true before the deadline."""
    deadline = time.monotonic() + within
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def mentioning(folder: Path) -> list[int]:
    """The processes that name the folder on their command line or work inside it."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line, place = (path / "cmdline").read_bytes(), os.readlink(path / "cwd")
        except OSError:
            continue
        if os.fsencode(folder) in line or Path(place).is_relative_to(folder):
            found.append(int(path.name))
    return found


class User:
    """A process that uses the servers of one home until it is told to leave or is killed."""

    def __init__(self, home: Path, *, python: str = sys.executable, environ: Mapping[str, str] = {}, **options) -> None:
        self.process = subprocess.Popen(
            [python, "-c", USES_THE_SERVERS],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], "LAUREL_HOME": str(home), **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def ready(self) -> "User":
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError(self.process.stderr.read())
        return self

    def leave(self) -> None:
        self.process.communicate("\n", timeout=DEADLINE)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
