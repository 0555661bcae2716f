"""Publish inside the transaction of the change; relay afterwards, each subscriber in a transaction of its own."""

import logging
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from itertools import batched
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from loyalty.lib import clock
from loyalty.lib.json_text import json_text
from loyalty.lib.prepared import rows_of
from loyalty.outbox import rules
from loyalty.outbox.errors import NotFailed
from loyalty.outbox.models import Message

logger = logging.getLogger(__name__)

SLICE = 5_000
# Plain SQL: this stands in every change, and building it by the ORM takes longer than the change itself.
WRITE = "SELECT outbox_write(%s::jsonb, %s)"
LONGEST_ERROR = 4_000


@dataclass(frozen=True, slots=True)
class Relayed:
    """What one run of the relay did: messages delivered, messages whose subscriber failed, whether none is left."""

    delivered: int
    postponed: int
    is_drained: bool


def publish(event: Any) -> None:
    """Write `event`, a frozen dataclass of plain values, once for every subscriber; nothing at all if nobody listens.

    Must run inside the transaction of the change that it tells of, so that both exist or neither.
    """
    publish_many([event])


def publish_many(events: Iterable[Any]) -> None:
    """Publish many events in as few statements as the database takes (one per 5,000 messages)."""
    messages = [message for event in events for message in messages_of(event)]
    if not messages:
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "publish() belongs inside the transaction of the change it tells of"
        )
    at = clock.now()
    for some in batched(messages, SLICE):
        rows_of(WRITE, json_text(some), at)
    ring_on_commit()


def messages_of(event: Any) -> list[dict[str, Any]]:
    """One message for every subscriber, as the database's `outbox_write` takes them.

    For a change whose own statement calls that function: call `ring_on_commit` after it.
    """
    name = rules.name_of(type(event))
    subscribers = _subscribers_of(name)
    if not subscribers:
        return []
    payload = rules.to_plain(event)
    return [{"event": name, "payload": payload, "subscriber": subscriber} for subscriber in subscribers]


@cache
def _wires(module: str) -> tuple[dict[str, list[str]], list[str], str]:
    wiring = import_module(module)
    return wiring.WIRES, wiring.EVERY, getattr(wiring, "DOORBELL", "")


def _subscribers_of(event_name: str) -> list[str]:
    wires, every, _doorbell = _wires(settings.OUTBOX_WIRING)
    return [*wires.get(event_name, ()), *every]


def ring_on_commit() -> None:
    """Let the relay know, once per transaction.

    What the bell fails at is logged, never raised: the schedule delivers all the same.
    """
    if not any(entry[1] is _ring for entry in connection.run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    if doorbell := _wires(settings.OUTBOX_WIRING)[2]:
        import_string(doorbell)()


def relay(*, limit: int = 500, seconds: float = 120) -> Relayed:
    """Deliver what is due, oldest first, until nothing is, or `limit` messages were tried, or `seconds` have passed.

    Any number of relays may run at the same time.
    """
    delivered = postponed = 0
    end = monotonic() + seconds
    while delivered + postponed < limit and monotonic() < end:
        message = _claim()
        if message is None:
            return Relayed(delivered, postponed, is_drained=True)
        if _deliver(message):
            delivered += 1
        else:
            postponed += 1
    return Relayed(delivered, postponed, is_drained=False)


@transaction.atomic
def _claim() -> Message | None:
    """The next due message, its attempt already counted and the next one dated.

    Counting comes first and is committed, so that a message which kills its worker ends on the red list, instead of
    at the head of the queue for ever. The last attempt is made from the red list: only success takes it off.
    """
    due = Message.objects.filter(state=Message.State.WAITING, next_at__lte=clock.now())
    message = due.select_for_update(skip_locked=True).order_by("next_at", "id").first()
    if message is None:
        return None
    message.attempts += 1
    message.next_at = clock.now() + rules.wait_after(message.attempts)
    if message.attempts >= rules.MAX_ATTEMPTS:
        message.state = Message.State.FAILED
    message.save(update_fields=["attempts", "next_at", "state"])
    return message


def _deliver(message: Message) -> bool:
    """Run the subscriber and mark the message done, both or neither; False if it failed or another relay has it."""
    try:
        with transaction.atomic():
            if not _is_still_ours(message):
                return False
            event = rules.rebuild(import_string(message.event), message.payload)
            import_string(message.subscriber)(event)
            Message.objects.filter(pk=message.pk).update(state=Message.State.DONE, done_at=clock.now(), last_error="")
    except Exception as error:  # whatever a subscriber raises is its own failure and stops nobody else
        _note_failure(message, error)
        return False
    return True


def _is_still_ours(message: Message) -> bool:
    """Lock the row for as long as the subscriber runs, unless it was claimed again since or is delivered.

    Waits instead of skipping: another relay's claim locks the rows that it looks at and finds taken, for an instant.
    """
    claimed = Message.objects.filter(pk=message.pk, attempts=message.attempts).exclude(state=Message.State.DONE)
    return claimed.select_for_update().values_list("pk", flat=True).first() is not None


def _note_failure(message: Message, error: Exception) -> None:
    logger.warning("%s failed, attempt %d of %d", message, message.attempts, rules.MAX_ATTEMPTS, exc_info=error)
    words = "".join(traceback.format_exception(error, limit=-5))[-LONGEST_ERROR:].replace("\x00", "")
    Message.objects.filter(pk=message.pk, attempts=message.attempts).update(last_error=words)


@transaction.atomic
def try_again(message: Message, *, actor: str) -> Message:
    """Put a failed message back in the queue with all its attempts before it. Raises NotFailed."""
    failed = Message.objects.select_for_update().get(pk=message.pk)
    if failed.state != Message.State.FAILED:
        raise NotFailed
    failed.state, failed.attempts, failed.next_at = Message.State.WAITING, 0, clock.now()
    failed.save(update_fields=["state", "attempts", "next_at"])
    logger.info("outbox message %d put back in the queue by %s", failed.pk, actor)
    ring_on_commit()
    return failed


def forget_delivered(*, days: int = 14) -> int:
    """Delete messages delivered more than `days` days ago, in slices; returns how many. Failed ones stay."""
    before = clock.now() - timedelta(days=days)
    forgotten = 0
    while ids := _delivered_before(before):
        forgotten += Message.objects.filter(pk__in=ids).delete()[0]
    return forgotten


def _delivered_before(before: datetime) -> list[int]:
    # in the order of the primary key: the oldest stand first, so a slice reads little more than it deletes
    delivered = Message.objects.filter(state=Message.State.DONE, done_at__lt=before).order_by("pk")
    return list(delivered.values_list("pk", flat=True)[:SLICE])
