"""Runs web, worker and scheduler as one: their lines told apart, a crashed one started again, all ended together.

Each child leads a process group of its own, so that a Ctrl-C reaches the supervisor alone and nothing of a child is
left when it ends. On Linux the children also end when the supervisor is killed.
"""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO

from rich.console import Console
from rich.text import Text

from config.embedded.processes import end_with_parent, start_thread

CHECKOUT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 20
READY_SECONDS = 120
SETTLED_SECONDS = 60  # a slow machine takes half of it to import everything
ATTEMPTS = 3  # of a child that has never run for long
LONGEST_PAUSE = 30.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

STOP, READY, LATE = "stop", "ready", "late"


class GaveUp(Exception):
    """A child does not start; the text says which."""


@dataclass
class Child:
    """A program to keep running."""

    name: str
    colour: str
    command: list[str]
    process: subprocess.Popen | None = field(default=None, init=False)
    reader: Thread | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    failures: int = field(default=0, init=False)
    has_settled: bool = field(default=False, init=False)

    def pause(self) -> float:
        """Note that it ended, and say how long to wait before the next attempt, in seconds."""
        ran = time.monotonic() - self.started
        self.has_settled = self.has_settled or ran > SETTLED_SECONDS
        self.failures = 1 if ran > SETTLED_SECONDS else self.failures + 1
        return min(2.0 ** (self.failures - 2), LONGEST_PAUSE)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: int) -> None:
        if self.process:
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """End what is left of it, its own children included."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    def __init__(self, children: list[Child], console: Console, environ: Mapping[str, str]) -> None:
        self.children, self.console = children, console
        self.environ = {**environ, "PYTHONUNBUFFERED": "1"}
        self.events: SimpleQueue[str | Child] = SimpleQueue()
        self.due: dict[str, tuple[float, Child]] = {}

    def run(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        """Run the children until a signal to stop. Raises GaveUp when one of them does not start; none is left."""
        before = {number: signal.signal(number, lambda *_: self.events.put(STOP)) for number in SIGNALS}
        try:
            for child in self.children:
                self._start(child)
            start_thread(self._await_ready, is_ready)
            while (event := self._next_event()) != STOP:
                if event == READY:
                    when_ready()
                elif event == LATE:
                    raise GaveUp(f"The web did not answer within {READY_SECONDS} seconds.")
                elif isinstance(event, Child):
                    self._plan_restart(event)
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def say(self, name: str, colour: str, line: str) -> None:
        with suppress(OSError):  # the terminal may be gone
            prefix = Text.assemble((f"{name:<6} ", colour), ("│ ", "dim"))
            self.console.print(prefix + Text.from_ansi(line.rstrip()), soft_wrap=True, highlight=False)

    def _next_event(self) -> str | Child:
        """The next event; children whose pause is over are started meanwhile."""
        while True:
            now = time.monotonic()
            for name, (due, child) in list(self.due.items()):
                if due <= now:
                    del self.due[name]
                    self._start(child)
            pauses = [due - now for due, _ in self.due.values()]
            with suppress(Empty):
                return self.events.get(timeout=max(min(pauses), 0) if pauses else None)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603
            child.command,
            cwd=CHECKOUT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        child.started = time.monotonic()
        child.reader = start_thread(self._pass_on, child, child.process.stdout)
        start_thread(self._await_end, child, child.process)

    def _pass_on(self, child: Child, output: IO[str]) -> None:
        with output as lines:
            for line in filter(str.strip, lines):
                self.say(child.name, child.colour, line)

    def _await_end(self, child: Child, process: subprocess.Popen) -> None:
        process.wait()
        self.events.put(child)

    def _await_ready(self, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            if time.monotonic() > deadline:
                return self.events.put(LATE)
            time.sleep(0.1)
        self.events.put(READY)

    def _plan_restart(self, child: Child) -> None:
        child.kill_group()
        pause = child.pause()
        if not child.has_settled and child.failures >= ATTEMPTS:
            raise GaveUp(f"{child.name} ended {ATTEMPTS} times as soon as it started: its lines above say why.")
        status = child.process.returncode if child.process else None
        self.say(child.name, child.colour, f"ended with status {status}; starting again in {pause:.1f} s")
        self.due[child.name] = (time.monotonic() + pause, child)

    def _stop(self) -> None:
        """End every child: ask, wait, then kill; a second signal kills at once."""
        for child in self.children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.is_running() for child in self.children):
            with suppress(Empty):
                if self.events.get(timeout=max(deadline - time.monotonic(), 0)) == STOP:
                    break
            if time.monotonic() >= deadline:
                break
        for child in self.children:
            child.kill_group()
            if child.process and child.reader:
                child.process.wait()
                child.reader.join(1)


def answers(host: str, port: int) -> bool:
    """Whether the web answers there and is well."""
    line = http.client.HTTPConnection(host, port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
