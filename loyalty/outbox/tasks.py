"""Doorbells of the outbox, of the schedule and after commit: they only wake, PostgreSQL is the queue of record."""

import logging

from celery import shared_task
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from loyalty.outbox import services

logger = logging.getLogger(__name__)

BELL = "outbox:bell"
BELL_SECONDS = 10
BROKER_ERRORS = (OperationalError, RedisError, OSError)


def ring() -> None:
    """Have the relay run now, and let nothing of the broker's trouble reach whoever published.

    While a ring waits for a worker another one adds nothing: the relay lifts the mark before it looks. A ring that
    the broker lost is made up for by the next after `BELL_SECONDS`, and by the schedule.
    """
    try:
        if cache.add(BELL, 1, timeout=BELL_SECONDS):
            relay_outbox.apply_async(retry=False)
    except BROKER_ERRORS as error:
        logger.warning("The outbox waits for its schedule, the bell is out of order: %s", error)


@shared_task
def relay_outbox() -> None:
    """Deliver what is due; if that is more than one run may take, ask for another."""
    try:
        cache.delete(BELL)
    except BROKER_ERRORS as error:
        logger.warning("The outbox is relayed without its bell: %s", error)
    if not services.relay().is_drained:
        ring()


@shared_task
def forget_delivered_messages(days: int = 14) -> None:
    """Keep the outbox small: what was delivered more than `days` days ago goes."""
    services.forget_delivered(days=days)
