"""How many requests a key may make in a minute. Counted by atomic increments in the shared cache."""

import logging

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled

from loyalty.lib import clock

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds


def count_request(key_id: int) -> None:
    """Count one request of a key; raises Throttled beyond API_RATE in this minute.

    Without the cache nothing is counted and everyone passes: a till must sell while the cache is away.
    """
    second = int(clock.now().timestamp())
    try:
        made = _increment(f"api-rate:{key_id}:{second // WINDOW}")
    except (RedisError, OSError) as error:
        logger.warning("The cache is away, so API requests are not limited: %s", error)
        return
    if made > settings.API_RATE:
        raise Throttled(wait=WINDOW - second % WINDOW)


def _increment(name: str) -> int:
    """The counter's new value; INCR never loses one, and the name of the next minute starts anew."""
    try:
        return cache.incr(name)
    except ValueError:
        cache.add(name, 0, 2 * WINDOW)
        return cache.incr(name)
