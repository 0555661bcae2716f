"""What may simply be tried again: deadlocks and serialization failures pass, and so does a lock that was not got."""

import random
import time
from collections.abc import Callable

from django.db import OperationalError

from loyalty.lib.errors import Busy

PASSING = frozenset({"40001", "40P01"})  # serialization failure, deadlock: the same change may be made again
ATTEMPTS = 5
PAUSE = 0.02  # seconds, doubled each time


def insist[T](change: Callable[[], T], *, passing: tuple[type[Exception], ...] = ()) -> T:
    """What `change` returns, which is one whole transaction. At most five attempts with jitter, then Busy.

    `passing` are further exceptions after which to try again, at once.
    """
    for attempt in range(ATTEMPTS):
        try:
            return change()
        except passing:
            continue
        except (OperationalError, Busy) as error:
            if not is_passing(error):
                raise
            time.sleep(PAUSE * 2**attempt * random.uniform(0, 1))  # noqa: S311
    raise Busy


def is_passing(error: BaseException | None) -> bool:
    """Whether a deadlock or a serialization failure is at the bottom of it."""
    while error is not None:
        if getattr(error, "sqlstate", None) in PASSING:
            return True
        error = error.__cause__
    return False
