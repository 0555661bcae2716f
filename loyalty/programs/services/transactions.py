"""One transaction per change, tried again as a whole when the database finds a deadlock."""

import random
import time
from collections.abc import Callable
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from loyalty.lib.errors import Busy
from loyalty.lib.transactions import part_of_transaction

ATTEMPTS = 5
PASSING = {"40001", "40P01"}  # serialization failure, deadlock: the same change may be made again


def in_transaction[T](change: Callable[[], T]) -> T:
    """What `change` returns, in one transaction. At most five attempts with jitter, then Busy.

    Inside a transaction of the caller's it is part of that one, and the caller tries again or not.
    """
    if connection.in_atomic_block:
        with part_of_transaction():
            return change()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return change()
        except (OperationalError, Busy) as error:
            if not _is_passing(error):
                raise
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
    raise Busy


def _is_passing(error: BaseException | None) -> bool:
    """Whether a deadlock or a serialization failure is at the bottom of it."""
    while error is not None:
        if getattr(error, "sqlstate", None) in PASSING:
            return True
        error = error.__cause__
    return False


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
