"""How processes share one server: three locks, which the kernel drops when their holder ends, in any way.

    users      held shared by every process that uses the server, for its lifetime
    start      held while one of them finds out whether the server runs, and starts it if not
    guardian   held by the guardian, the server's parent, for its lifetime

The guardian waits for the exclusive lock on `users`: it gets it when the last user is gone, and stops the
server while it holds it. Whoever arrives meanwhile waits for the shared lock, finds no guardian and starts
another.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded import folders
from config.embedded.server import Server

READY_SECONDS = 120  # after a crash PostgreSQL first replays its log
LEAVE_SECONDS = 30
PAUSE = 0.01


def join(server: Server) -> int:
    """Use the server, starting it if need be; returns the lock to be kept open. Raises CannotStart."""
    try:
        for folder in (server.lock("users").parent, server.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        users = open_lock(server.lock("users"))
        fcntl.flock(users, fcntl.LOCK_SH)
        with _held(server.lock("start")):
            server.prepare()
            _await_answer(server)
    except OSError as error:
        raise server.refusal(str(error)) from error
    return users


def leave(server: Server, users: int) -> None:
    """Stop using the server. Waits until it has stopped, unless somebody else uses it."""
    os.close(users)
    deadline = time.monotonic() + LEAVE_SECONDS
    while time.monotonic() < deadline and not _is_shared(server.lock("users")):
        if _is_free(server.lock("guardian")) and _is_free(server.lock("users")):
            return
        time.sleep(PAUSE)


def open_lock(path: Path) -> int:
    return folders.open_shared(path, os.O_RDWR)


def _await_answer(server: Server) -> None:
    """Wait until the server answers, under a guardian. The caller holds the lock `start`."""
    deadline, is_spawned = time.monotonic() + READY_SECONDS, False
    while time.monotonic() < deadline:
        guardian = open_lock(server.lock("guardian"))
        try:
            if try_lock(guardian):
                if is_spawned:
                    break
                _spawn_guardian(server, guardian)
                is_spawned = True
        finally:
            os.close(guardian)
        if server.is_answering():
            return
        time.sleep(PAUSE)
    raise server.failure()


def _spawn_guardian(server: Server, guardian: int) -> None:
    """Start a guardian, which inherits the lock that we hold; it lives on when we end."""
    command = [sys.executable, "-m", "config.embedded.guardian", server.name, str(server.home), str(guardian)]
    server.rotate_log()
    with os.fdopen(folders.open_shared(server.log, os.O_WRONLY | os.O_APPEND), "ab") as log:
        subprocess.run(  # noqa: S603
            command,
            cwd=folders.CHECKOUT,
            pass_fds=[guardian],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=True,
        )


def try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(path: Path) -> bool:
    descriptor = open_lock(path)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def _is_shared(path: Path) -> bool:
    """Whether others hold it shared, which is not the guardian holding it alone."""
    descriptor = open_lock(path)
    try:
        return not try_lock(descriptor) and try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
