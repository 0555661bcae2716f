from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from loyalty.outbox.models import Message


@dataclass(frozen=True, slots=True)
class Backlog:
    """What stands in the outbox; `oldest_due_at` (UTC) is since when the oldest due one waits, None if none."""

    waiting: int
    failed: int
    oldest_due_at: datetime | None


def backlog(at: datetime) -> Backlog:
    """How much is waiting and how much stands on the red list, as of `at`."""
    figures = Message.objects.exclude(state=Message.State.DONE).aggregate(
        waiting=Count("id", filter=Q(state=Message.State.WAITING)),
        failed=Count("id", filter=Q(state=Message.State.FAILED)),
        oldest_due_at=Min("next_at", filter=Q(state=Message.State.WAITING, next_at__lte=at)),
    )
    return Backlog(**figures)
