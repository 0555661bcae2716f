"""A member's inbox, and what was sent to them."""

from typing import Any

from loyalty.members.models import Member
from loyalty.messaging.errors import UnknownMessage
from loyalty.messaging.models import Delivery, InboxEntry


def inbox_of(member: Member, *, offset: int = 0, limit: int = 30) -> list[InboxEntry]:
    """The member's messages, newest first."""
    return list(member.inbox.order_by("-created_at", "-id")[offset : offset + limit])


def unread_count(member: Member) -> int:
    """How many messages the member has not read."""
    return member.inbox.filter(read_at=None).count()


def newest_unread(member: Member) -> InboxEntry | None:
    """The message to show first, if there is an unread one."""
    return member.inbox.filter(read_at=None).order_by("-created_at", "-id").first()


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
