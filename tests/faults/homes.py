"""A LAUREL_HOME of its own: servers that tests may kill, databases in a moment, and the processes that use them.

`Home` starts the embedded servers once; `Home.shop(name)` is a fresh database in it, copied from a migrated one. Inside
`shop.at_home()` this very process works on that database; `shop.run(...)` and `shop.start(...)` are real processes.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from config.embedded.postgres import PORT, USER, Postgres
from config.embedded.valkey import Valkey
from loyalty.programs.queries import configuration
from tests.ops.processes import CHECKOUT, User, eventually, is_running, mentioning

DEADLINE = 120
TEMPLATE = "laurel"


class Home:
    """The servers of one LAUREL_HOME, kept running by a process that does nothing else."""

    def __init__(self, blocker: Any) -> None:
        self.blocker = blocker
        self.folder = Path(tempfile.mkdtemp(prefix="laurel-")) / "home"
        self.keeper = User(self.folder).ready()
        self.sockets = Postgres(self.folder).socket_folder
        self.shops = 0
        with self.working_on(TEMPLATE):
            call_command("migrate", verbosity=0)

    def end(self) -> None:
        """At once: nobody needs what is here, and an orderly end writes it all to the disk."""
        self.keeper.kill()
        assert eventually(lambda: not self.is_alive(), within=DEADLINE)
        shutil.rmtree(self.folder.parent, ignore_errors=True)

    def is_alive(self) -> bool:
        """Whether a process of this home runs, guardians of its servers first; it is killed."""
        found = sorted(mentioning(self.folder), key=lambda pid: b"guardian" not in command_of(pid))
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    def shop(self, template: str = TEMPLATE) -> "Shop":
        """A new database like `template`, on which nobody may be working."""
        self.shops += 1
        name = f"shop{self.shops}"
        with self.connect("postgres") as line:
            line.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.queue().flushdb()
        return Shop(self, name)

    def connect(self, name: str, **options: Any) -> psycopg.Connection:
        return psycopg.connect(dbname=name, user=USER, host=str(self.sockets), port=PORT, autocommit=True, **options)

    def queue(self) -> redis.Redis:
        """The broker's own database."""
        return redis.Redis.from_url(Valkey(self.folder).redis_url(0))

    def postmaster(self) -> int:
        return int((self.folder / "postgres/data/postmaster.pid").read_text().split()[0])

    def kill_postgres(self) -> None:
        """kill -9 of the server, and wait until its successor answers."""
        pid = self.postmaster()
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not is_running(pid), within=DEADLINE)
        assert eventually(self.is_answering, within=DEADLINE)

    def is_answering(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    @contextmanager
    def working_on(self, name: str, sockets: Path | None = None) -> Iterator[None]:
        """This process, all its threads included, on that database, through another folder of sockets if given."""
        ours = connections.settings["default"]
        before = dict(ours)
        connections.close_all()
        ours.update(NAME=name, HOST=str(sockets or self.sockets), PORT=str(PORT), USER=USER, PASSWORD="")
        _forget()
        try:
            with self.blocker.unblock(), override_settings(MEDIA_ROOT=self.folder / "uploads"):
                yield
        finally:
            connections.close_all()
            ours.clear()
            ours.update(before)
            _forget()


def _forget() -> None:
    """What was compiled from another database, whose programs bear the same ids."""
    configuration._compiled.clear()


@dataclass
class Shop:
    """One database of a home, with the processes that work on it."""

    home: Home
    name: str
    started: list[subprocess.Popen] = field(default_factory=list)

    # --- this process ---
    @contextmanager
    def at_home(self, sockets: Path | None = None) -> Iterator[None]:
        with self.home.working_on(self.name, sockets):
            yield

    def ask(self, statement: str, *parameters: Any) -> list[tuple]:
        """The rows of one question, on a line of its own that goes past Django."""
        with self.home.connect(self.name) as line:
            return line.execute(statement, parameters).fetchall()

    def one(self, statement: str, *parameters: Any) -> Any:
        return self.ask(statement, *parameters)[0][0]

    def is_quiet(self) -> bool:
        """Nobody but us has a session."""
        return self.one("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", self.name) == 1

    # --- other processes ---
    def environ(self, sockets: Path | None = None, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LAUREL_HOME": str(self.home.folder),
            "DATABASE_URL": f"postgres://{USER}@:{PORT}/{sockets or self.home.sockets}/{self.name}",
            "STATIC_MANIFEST": "0",
            "API_RATE": "1000000",
            **more,
        }

    def start(self, *command: str, sockets: Path | None = None, **environ: str) -> subprocess.Popen:
        """A process in a group of its own; what it says goes to the home's log."""
        with (self.home.folder / "log" / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=CHECKOUT,
                env=self.environ(sockets, **environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def manage(self, *arguments: str, **environ: str) -> subprocess.Popen:
        return self.start("manage.py", *arguments, **environ)

    def end(self) -> None:
        """No process of this shop is left. (The database goes with its home: dropping it would wait for the disk.)"""
        for process in self.started:
            kill_group(process)
        assert eventually(lambda: not self.is_worked_on(), within=DEADLINE)

    def is_worked_on(self) -> bool:
        """Whether a process lives that was started for this shop, at whatever remove; it is killed."""
        home, name = f"LAUREL_HOME={self.home.folder}".encode(), f"/{self.name}".encode()
        found = [
            pid
            for pid, entries in environments()
            if home in entries and any(each.startswith(b"DATABASE_URL=") and each.endswith(name) for each in entries)
        ]
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(found)

    # --- standing in somebody's way ---
    @contextmanager
    def in_the_way(self, statement: str, *parameters: Any) -> Iterator[Callable[[], int | None]]:
        """A transaction that holds what `statement` locks; gives who waits for it by now (the backend's pid)."""
        line = self.home.connect(self.name)
        ours = line.info.backend_pid
        line.execute("BEGIN")
        line.execute(statement, parameters)

        def who_waits() -> int | None:
            rows = self.ask(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND %s = ANY (pg_blocking_pids(pid))",
                self.name, ours,
            )  # fmt: skip
            return rows[0][0] if rows else None

        try:
            yield who_waits
        finally:
            with suppress(psycopg.OperationalError):
                line.close()


def kill_group(process: subprocess.Popen) -> None:
    """kill -9 of a process that runs, and all that it started. (The number of one that has ended may be another's.)"""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def command_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def environments() -> Iterator[tuple[int, list[bytes]]]:
    """What every process was started with."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            yield int(path.parent.name), path.read_bytes().split(b"\0")


def await_(question: Callable[[], Any], what: str) -> Any:
    """The first true answer; fails with `what` after the deadline."""
    answers: list[Any] = []

    def ask() -> bool:
        answers.append(question())
        return bool(answers[-1])

    assert eventually(ask, within=DEADLINE), f"waited in vain for {what}"
    return answers[-1]
