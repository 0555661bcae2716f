"""One transaction per change, tried again as a whole when the database finds a deadlock."""

from collections.abc import Callable
from contextlib import contextmanager

from django.db import connection, transaction

from loyalty.lib.attempts import insist
from loyalty.lib.transactions import part_of_transaction


def in_transaction[T](change: Callable[[], T]) -> T:
    """What `change` returns, in one transaction. At most five attempts with jitter, then Busy.

    Inside a transaction of the caller's it is part of that one, and the caller tries again or not.
    """
    if connection.in_atomic_block:
        with part_of_transaction():
            return change()
    return insist(lambda: _alone(change))


def _alone[T](change: Callable[[], T]) -> T:
    with transaction.atomic():
        return change()


@contextmanager
def turn_of(name: str, *, wait: bool = False):
    """Whether this process may run the job `name` now: True, or False when another process is at it.

    A lock of the session, so it ends with the connection even if the process is killed. With `wait` it waits its turn.
    """
    with connection.cursor() as cursor:
        take = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        cursor.execute(f"SELECT {take}(hashtext('laurel'), hashtext(%s))", [name])
        is_ours = wait or cursor.fetchone()[0]
    try:
        yield is_ours
    finally:
        if is_ours:
            _give_back(name)


def _give_back(name: str) -> None:
    if connection.needs_rollback or connection.connection is None or connection.connection.closed:
        return  # the session is gone, or about to be, and the lock with it
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtext('laurel'), hashtext(%s))", [name])
