"""How many requests a key may make in a minute, over all processes."""

import logging
import threading
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled

from loyalty.lib import clock

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds
PORTIONS = 200
UNCOUNTED = 500  # requests that pass before an absent cache is asked again


@dataclass(slots=True)
class Allowance:
    """What this process may still let through for one key in one window."""

    window: int = -1
    left: int = 0


_allowances: dict[int, Allowance] = {}
_door = threading.Lock()


def count_request(key_id: int) -> None:
    """Count one request of a key; raises Throttled beyond API_RATE in this minute.

    Processes draw portions of the rate (a 200th each, at least one request) from one counter by atomic increments, so
    most requests cost no round trip, and never more than the rate gets through. Without the cache nothing is counted
    and everyone passes: a till must sell while the cache is away.
    """
    second = int(clock.now().timestamp())
    window = second // WINDOW
    with _door:
        allowance = _allowances.setdefault(key_id, Allowance())
        if allowance.window != window:
            allowance.window, allowance.left = window, 0
        if allowance.left == 0:
            allowance.left = _draw(f"api-rate:{key_id}:{window}")
        if allowance.left > 0:
            allowance.left -= 1
            return
    raise Throttled(wait=WINDOW - second % WINDOW)


def _draw(name: str) -> int:
    """A portion of the rate; 0 when it is used up."""
    portion = max(settings.API_RATE // PORTIONS, 1)
    try:
        drawn = _increment(name, portion)
    except (RedisError, OSError) as error:
        logger.warning("The cache is away, so API requests are not limited: %s", error)
        return UNCOUNTED
    return max(portion - max(drawn - settings.API_RATE, 0), 0)


def _increment(name: str, by: int) -> int:
    """The counter's new value. INCRBY never loses one, and the name of the next minute starts anew."""
    try:
        return cache.incr(name, by)
    except ValueError:
        cache.add(name, 0, 2 * WINDOW)
        return cache.incr(name, by)
