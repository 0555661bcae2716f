"""Telling members something, once, in their language."""

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_noop

from loyalty.lib import clock
from loyalty.lib.dates import full_day
from loyalty.members.models import Member
from loyalty.members.queries import address_of, language_of
from loyalty.messaging import rules
from loyalty.messaging.channels.email import transport
from loyalty.messaging.models import Delivery, InboxEntry
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.moving import transfer_by_id

EMAIL = "email"
# Kept in English, as code; the staff's pages translate them.
NO_ADDRESS = gettext_noop("no e-mail address is known")
REFUSED = gettext_noop("the mail server refuses the address")
LEFT = gettext_noop("the member left the program")
TOO_LATE = gettext_noop("the points had expired before it could be sent")


@transaction.atomic
def warn_of_expiry(
    *, member_id: int, wallet_id: int, points: int, expires_at: datetime, until: datetime, days: int
) -> None:
    """Tell a member that `points` expire between the instants `expires_at` and `until`: in the inbox and by e-mail.

    A warning is known by wallet, first instant and `days` ahead: the same one again does nothing. It is a service
    message about what belongs to the member (GDPR Art. 6(1)(b)) and advertises nothing, so it needs no consent.
    Raises whatever the mail server's trouble raises, with nothing written, so that it is tried again.
    """
    member = Member.objects.select_related("program", "user").get(pk=member_id)
    wallet = Wallet.objects.get(pk=wallet_id)
    zone = member.program.time_zone
    expiring = rules.Expiring(
        points=points,
        units=(wallet.unit_one, wallet.unit_many),
        first=rules.last_day(expires_at, zone),
        last=rules.last_day(until, zone),
    )
    with translation.override(language_of(member)):
        key = rules.key_of_expiry(wallet_id, expires_at, days)
        notice = rules.expiry_notice(key, expiring, member.program.name)
        if until <= clock.now():
            _skip(member, notice, TOO_LATE)
        else:
            _tell(member, notice)


@transaction.atomic
def tell_of_transfer(transfer_id: int) -> None:
    """Tell the receiver that another member sends points, once; a service message, as in `warn_of_expiry`."""
    transfer = transfer_by_id(transfer_id)
    member, wallet = transfer.receiver, transfer.wallet
    with translation.override(language_of(member)):
        day = rules.last_day(transfer.answer_by, member.program.time_zone) if transfer.answer_by else None
        notice = rules.sent_notice(
            f"{rules.SENT}:{transfer_id}",
            transfer.giver.name or transfer.giver.number,
            transfer.points,
            (wallet.unit_one, wallet.unit_many),
            member.program.name,
            full_day(day) if day else "",
        )
        _tell(member, notice)


def _tell(member: Member, notice: rules.Notice) -> None:
    """Into the inbox, then by e-mail; must run inside a transaction and in the member's language."""
    if member.status == Member.Status.LEFT:
        _skip(member, notice, LEFT)
        return
    InboxEntry.objects.get_or_create(
        member=member,
        key=notice.key,
        defaults={"kind": notice.kind, "subject": notice.subject, "body": notice.text, "created_at": clock.now()},
    )
    recipient = address_of(member)
    if not recipient:
        _skip(member, notice, NO_ADDRESS)
        return
    delivery, is_new = _note(member, notice, Delivery.State.SENT, recipient=recipient)
    if is_new:
        _send(member, notice, delivery)


def _skip(member: Member, notice: rules.Notice, why: str) -> None:
    _note(member, notice, Delivery.State.SKIPPED, why=why)


def _note(member: Member, notice: rules.Notice, state: str, **facts: str) -> tuple[Delivery, bool]:
    known = {"kind": notice.kind, "subject": notice.subject, "state": state, "created_at": clock.now(), **facts}
    return Delivery.objects.get_or_create(member=member, channel=EMAIL, key=notice.key, defaults=known)


def _send(member: Member, notice: rules.Notice, delivery: Delivery) -> None:
    """Last of all: what was sent cannot be rolled back, so it goes when everything else is written."""
    try:
        transport.send(notice, member=member, recipient=delivery.recipient)
    except transport.AddressRefused:
        delivery.state, delivery.why = Delivery.State.SKIPPED, REFUSED
        delivery.save(update_fields=["state", "why"])


def mark_read(entry: InboxEntry) -> InboxEntry:
    """The member has read a message; the first time counts."""
    if entry.read_at is None:
        entry.read_at = clock.now()
        entry.save(update_fields=["read_at"])
    return entry


def mark_all_read(member: Member) -> int:
    """The member has read everything there is by now; returns how many were new."""
    return InboxEntry.objects.filter(member=member, read_at=None, created_at__lte=clock.now()).update(
        read_at=clock.now()
    )
