"""What must be there before Laurel serves: tables, static files, a port. Every step says how far it is."""

import errno
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

Report = Callable[[int, int], None]  # steps done, steps in all

MIGRATION_LOCK = 0x6C617572656C  # of PostgreSQL's advisory locks: "laurel"
PORTS_TO_TRY = 100


class PortRefused(Exception):
    """The machine does not let us listen there; the text says why."""


def migrate(report: Report) -> None:
    """Bring the tables up to date, also where several processes set out to do so at once."""
    if not _pending():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        call_command(_ReportingMigrate(report, total=_pending()), verbosity=0, interactive=False)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def collect_static(report: Report) -> None:
    """Collect, hash and compress the static files, unless they are those of the last time or DEBUG finds them."""
    if settings.DEBUG:
        return
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    found = _fingerprint()
    if not stamp.exists() or stamp.read_text() != found:
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(found)


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the first free one after it. Raises PortRefused."""
    for port in range(wanted, min(wanted + PORTS_TO_TRY, 65536)):
        try:
            _listen(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortRefused(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from error
        else:
            return port
    raise PortRefused(f"All ports from {wanted} on are taken on {host}; choose others with --port.")


def _pending() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


class _ReportingMigrate(Migrate):
    def __init__(self, report: Report, total: int) -> None:
        super().__init__()
        self.report, self.total, self.done = report, total, 0

    def migration_progress_callback(self, action, migration=None, fake=False):
        if action == "apply_success":
            self.done += 1
            self.report(self.done, self.total)


def _fingerprint() -> str:
    """Of what would be collected: names, sizes and times."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = os.stat(storage.path(name))
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _listen(host: str, port: int) -> None:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
