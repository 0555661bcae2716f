"""The servers that run with Laurel where the operator names none: PostgreSQL and Valkey.

Both live under LAUREL_HOME. Every process that needs them calls `start()` once, before Django is set up; the
first one starts the servers, all share them, and they stop with the last of these processes, however it ends.

    folders.py    where things lie, and which addresses follow from that
    account.py    which account of the machine a server runs as
    wheels.py     where the binaries are
    server.py     what PostgreSQL and Valkey have in common; postgres.py, valkey.py: what they do not
    processes.py  what the kernel does and tells about other processes
    sharing.py    how a process joins and leaves
    guardian.py   the small process that keeps one server running while anyone uses it

The addresses (`database_url`, `broker_url`, `cache_url`) are pure: they start nothing.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from config.embedded import folders, sharing
from config.embedded.postgres import Postgres
from config.embedded.server import CannotStart, Server
from config.embedded.valkey import Valkey

__all__ = ["CannotStart", "broker_url", "cache_url", "database_url", "home", "leave", "needed", "start"]

_joined: dict[Server, int] = {}
_door = threading.Lock()


def home() -> Path:
    """The absolute folder LAUREL_HOME, by default .laurel in the checkout."""
    return folders.home()


def database_url(home: Path) -> str:
    """The address of the embedded database, as django-environ reads it."""
    return Postgres(home).django_url()


def broker_url(home: Path) -> str:
    """The address of the embedded queue, as Celery reads it."""
    return Valkey(home).celery_url()


def cache_url(home: Path) -> str:
    """The address of the embedded cache, as Django and redis-py read it."""
    return Valkey(home).redis_url(database=1)


def needed(environ: Mapping[str, str] = os.environ) -> list[Server]:
    """The servers that this environment leaves to us."""
    place, broker = home(), environ.get("CELERY_BROKER_URL", "")
    servers: list[Server] = []
    if not environ.get("DATABASE_URL"):
        servers.append(Postgres(place))
    if not broker or not (environ.get("CACHE_URL") or broker.startswith("redis://")):
        servers.append(Valkey(place))
    return servers


def start() -> None:
    """Join the servers that the environment leaves to us, starting those that do not run. Once is enough.

    The process keeps them running until it ends, as do the processes that it forks. Raises CannotStart, whose
    text is a sentence for the operator.
    """
    with _door:
        for server in needed():
            if server not in _joined:
                _joined[server] = sharing.join(server)


def leave() -> None:
    """Stop using the servers; returns when those that nobody else uses have stopped."""
    with _door:
        while _joined:
            server, users = _joined.popitem()
            sharing.leave(server, users)
