"""A member's inbox, and what was sent to them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from loyalty.members.models import Member
from loyalty.messaging.errors import UnknownMessage
from loyalty.messaging.models import Delivery, InboxEntry
from loyalty.messaging.rules import LOST, REACHED

NEWS = 20  # a tier reached further back is none


@dataclass(frozen=True, slots=True)
class News:
    """The newest message that is unread, and the welcome on a higher tier that was not celebrated yet."""

    newest: InboxEntry | None
    joy: InboxEntry | None


def inbox_of(member: Member, *, offset: int = 0, limit: int = 30) -> list[InboxEntry]:
    """The member's messages, newest first."""
    return list(member.inbox.order_by("-created_at", "-id")[offset : offset + limit])


def unread_count(member: Member) -> int:
    """How many messages the member has not read."""
    return member.inbox.filter(read_at=None).count()


def news_of(member: Member) -> News:
    """What is new for the member, the newest first; a tier that has been lost since is no joy any more."""
    found = member.inbox.filter(Q(read_at=None) | Q(kind=LOST)).order_by("-created_at", "-id")[:NEWS]
    unread = (entry for entry in found if entry.read_at is None)
    moved = next((entry for entry in found if entry.kind in (REACHED, LOST)), None)
    is_joy = moved is not None and moved.kind == REACHED and moved.celebrated_at is None
    return News(next(unread, None), moved if is_joy else None)


def entry_of(member: Member, entry_id: int) -> InboxEntry:
    """One message of this member. Raises UnknownMessage for any other."""
    entry = member.inbox.filter(pk=entry_id).first()
    if entry is None:
        raise UnknownMessage
    return entry


def deliveries_of(member: Member, *, limit: int = 50) -> list[Delivery]:
    """What was sent to the member, or not and why, newest first."""
    return list(member.deliveries.order_by("-id")[:limit])


def data_of(member: Member) -> dict[str, list[Any]]:
    """Everything this floor holds about the person, as plain values."""
    entries = member.inbox.order_by("id")
    sent = member.deliveries.order_by("id")
    return {
        "inbox": list(entries.values("kind", "subject", "body", "created_at", "read_at")),
        "deliveries": list(sent.values("channel", "kind", "recipient", "subject", "state", "why", "created_at")),
    }
