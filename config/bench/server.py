"""A web server as `up` runs it, on the bench's database and a free port."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO

from django.core.management.base import CommandError

from config.embedded.processes import end_with_parent
from config.preparation import free_port
from config.serving import web_command
from config.supervisor import CHECKOUT, answers

HOST = "127.0.0.1"
FIRST_PORT = 18_000
READY_SECONDS, STOP_SECONDS, PAUSE = 60, 20, 0.1
LAST_BYTES = 4_000


@contextmanager
def serving(database: str) -> Iterator[int]:
    """The server with its two workers, until the end; yields its port. Raises CommandError with the end of its log."""
    port = free_port(HOST, FIRST_PORT)
    own = {"DJANGO_SETTINGS_MODULE": "config.bench.settings", "LAUREL_BENCH_DATABASE": database, "LOG_LEVEL": "WARNING"}
    with TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 our own server
            web_command(HOST, port), cwd=CHECKOUT, env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True, preexec_fn=end_with_parent(signal.SIGTERM),
        )  # fmt: skip
        try:
            _await_answer(process, port, log)
            yield port
        finally:
            _stop(process)


def _await_answer(process: subprocess.Popen, port: int, log: IO[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not answers(HOST, port):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(max(log.seek(0, os.SEEK_END) - LAST_BYTES, 0))
            raise CommandError(f"The web server does not answer:\n{log.read().decode(errors='replace')}")
        time.sleep(PAUSE)


def _stop(process: subprocess.Popen) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
