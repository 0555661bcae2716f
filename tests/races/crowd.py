"""Many at once: real threads, each with a connection of its own, let go at the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from django.db import connection

from loyalty.lib.errors import DomainError

LEDGER_TABLES = "ledger_account, ledger_posting, ledger_lot, ledger_lot_use, ledger_hold, ledger_redating"


def crowd(act: Callable[[int], Any], size: int = 50) -> list[Any]:
    """What `act(0)` … `act(size - 1)` gave, done at once: results, or the exceptions that were raised."""
    start = Barrier(size)

    def one(number: int) -> Any:
        try:
            with connection.cursor() as cursor:  # connect before the start, not after
                cursor.execute("SELECT 1")
            start.wait(timeout=60)
            return act(number)
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(one, range(size)))


def failures(results: list[Any]) -> list[Any]:
    """Exceptions that no caller should ever see; refusals are answers."""
    return [result for result in results if isinstance(result, Exception) and not isinstance(result, DomainError)]


@contextmanager
def changed_function(name: str, *changes: tuple[str, str]) -> Iterator[None]:
    """The SQL function with pieces of its text exchanged, for as long as the block runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", [name])
        (original,) = cursor.fetchone()
        text = original
        for old, new in changes:
            assert old in text, f"{name} does not say {old!r}"
            text = text.replace(old, new)
        cursor.execute(text.replace("%", "%%"), [])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(original.replace("%", "%%"), [])


@contextmanager
def dropped_constraint(table: str, name: str) -> Iterator[None]:
    """The table without one of its constraints; before it comes back the ledger is wiped, for its rows may be wrong."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
            [table, name],
        )
        (definition,) = cursor.fetchone()
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        wipe_ledger()
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def wipe_ledger() -> None:
    """Empty every table of the ledger, behind the guards."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {LEDGER_TABLES}")
        cursor.execute("SET session_replication_role = DEFAULT")
