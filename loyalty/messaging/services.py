"""Telling members something, once, in their language."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

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
from loyalty.programs.queries.activities import units_of
from loyalty.programs.queries.in_force import as_published, wallets_by_id
from loyalty.programs.queries.moving import transfer_by_id
from loyalty.programs.queries.tiers import TierView, tiers_of
from loyalty.programs.rules.tiers import Rung
from loyalty.programs.rules.wording.amounts import points_of
from loyalty.programs.rules.wording.tiers import amount_of, benefits_of, last_day_of, reached_by

EMAIL = "email"
# Kept in English, as code; the staff's pages translate them.
NO_ADDRESS = gettext_noop("no e-mail address is known")
REFUSED = gettext_noop("the mail server refuses the address")
LEFT = gettext_noop("the member left the program")
TOO_LATE = gettext_noop("the points had expired before it could be sent")
OVERTAKEN = gettext_noop("the tier had changed again before it could be sent")
QUIET = gettext_noop("it came with an imported file: the inbox is enough")


def _member(member_id: int) -> Member:
    return _seeing(Member.objects.select_related("program", "user").get(pk=member_id))


def _seeing(member: Member) -> Member:
    """The member with the program as members see it: a draft is told to nobody."""
    member.program = as_published(member.program)
    return member


@transaction.atomic
def warn_of_expiry(
    *, member_id: int, wallet_id: int, points: int, expires_at: datetime, until: datetime, days: int
) -> None:
    """Tell a member that `points` expire between the instants `expires_at` and `until`: in the inbox and by e-mail.

    A warning is known by wallet, first instant and `days` ahead: the same one again does nothing. It is a service
    message about what belongs to the member (GDPR Art. 6(1)(b)) and advertises nothing, so it needs no consent.
    Raises whatever the mail server's trouble raises, with nothing written, so that it is tried again.
    """
    member = _member(member_id)
    wallet = wallets_by_id(member.program_id)[wallet_id]
    zone = member.program.time_zone
    expiring = rules.Expiring(
        points=points,
        units=units_of(wallet),
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
    member = _seeing(transfer.receiver)
    wallet = wallets_by_id(member.program_id)[transfer.wallet_id]
    with translation.override(language_of(member)):
        day = rules.last_day(transfer.answer_by, member.program.time_zone) if transfer.answer_by else None
        notice = rules.sent_notice(
            f"{rules.SENT}:{transfer_id}",
            transfer.giver.name or transfer.giver.number,
            transfer.points,
            units_of(wallet),
            member.program.name,
            full_day(day) if day else "",
        )
        _tell(member, notice)


@transaction.atomic
def tell_of_review(
    *, member_id: int, key: str, item: str, refusal: str, may_write_anew: bool, earned: Mapping[int, int]
) -> None:
    """Tell a member what the staff decided about a review of `item` (empty: the shop), once; a service message.

    `refusal` is the reason, empty where it was approved; `earned` are its points by wallet id.
    """
    member = _member(member_id)
    wallets = wallets_by_id(member.program_id)
    with translation.override(language_of(member)):
        about = item or member.program.name
        points = [points_of(earned[pk], units_of(wallet)) for pk, wallet in wallets.items() if pk in earned]
        if refusal:
            notice = rules.review_refused_notice(key, about, refusal, may_write_anew=may_write_anew)
        else:
            notice = rules.review_approved_notice(key, about, tuple(points))
        _tell(member, notice)


@transaction.atomic
def tell_of_tier(
    *, member_id: int, tier_set: str, before: str, after: str, why: str, at: datetime, is_quiet: bool = False
) -> None:
    """Tell a member who rose what the tier brings, one who fell why and what is left; by codes, empty below the lowest.

    Once for each move; one that another has overtaken is not told. A service message, as in `warn_of_expiry`.
    `is_quiet`: into the inbox alone.
    """
    member = _member(member_id)
    with translation.override(language_of(member)):
        view = _ladder_of(member, tier_set)
        if view is None:
            return
        notice = _notice_of_move(member, view, before, after, why, rules.key_of_tier(tier_set, before, after, at))
        if (view.rung.code if view.rung else "") != after:
            _skip(member, notice, OVERTAKEN)
        else:
            _tell(member, notice, is_quiet=is_quiet)


def _ladder_of(member: Member, code: str) -> TierView | None:
    return next((view for view in tiers_of(member) if view.ladder.code == code), None)


def _rung(view: TierView, code: str) -> Rung | None:
    return next((rung for rung in view.ladder.rungs if rung.code == code), None)


def _notice_of_move(member: Member, view: TierView, before: str, after: str, why: str, key: str) -> rules.Notice:
    old, new = _rung(view, before), _rung(view, after)
    told = rules.TierTold(
        program=member.program.name,
        tier=new.name if new else "",
        before=old.name if old else "",
        benefits=tuple(benefits_of(new)) if new else (),
        kept=view.kept,
        missing=view.missing,
    )
    has_risen = new is not None and (old is None or new.threshold > old.threshold)
    return rules.tier_reached_notice(key, told) if has_risen else rules.tier_lost_notice(key, told, why)


@transaction.atomic
def warn_of_tier(
    *, member_id: int, tier_set: str, tier: str, then: str, ends_at: datetime, days: int, missing: Decimal
) -> None:
    """Tell a member that a tier ends at `ends_at` and what keeps it: once per end and step, unless it is safe again."""
    member = _member(member_id)
    with translation.override(language_of(member)):
        view = _ladder_of(member, tier_set)
        rung = _rung(view, tier) if view else None
        if view is None or rung is None:
            return
        notice = _notice_of_end(member, view, rung, then, ends_at, days, missing)
        is_kept = view.held.keeps_until is not None and view.held.keeps_until > ends_at
        if view.rung != rung or is_kept or ends_at <= clock.now():
            _skip(member, notice, OVERTAKEN)
        else:
            _tell(member, notice)


def _notice_of_end(
    member: Member, view: TierView, rung: Rung, then: str, ends_at: datetime, days: int, missing: Decimal
) -> rules.Notice:
    following = _rung(view, then)
    return rules.tier_ending_notice(
        f"{rules.ENDING}:{view.ladder.code}:{rung.code}:{ends_at.isoformat()}:{days}",
        rules.TierTold(member.program.name, rung.name, "", ()),
        amount_of(view.ladder, missing, view.units, view.currency) if missing else "",
        last_day_of(ends_at, view.zone, view.at),
        following.name if following else "",
        reached_by(view.ladder, rung, view.units, view.currency),
    )


def _tell(member: Member, notice: rules.Notice, *, is_quiet: bool = False) -> None:
    """Into the inbox, then by e-mail; must run inside a transaction and in the member's language."""
    if member.status == Member.Status.LEFT:
        _skip(member, notice, LEFT)
        return
    InboxEntry.objects.get_or_create(
        member=member,
        key=notice.key,
        defaults={"kind": notice.kind, "subject": notice.subject, "body": notice.text, "created_at": clock.now()},
    )
    if is_quiet:
        _skip(member, notice, QUIET)
        return
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


def celebrate(entry: InboxEntry) -> bool:
    """Whether the member is to see this one celebrated: once, on whichever device comes first."""
    return bool(InboxEntry.objects.filter(pk=entry.pk, celebrated_at=None).update(celebrated_at=clock.now()))


def mark_all_read(member: Member) -> int:
    """The member has read everything there is by now; returns how many were new."""
    return InboxEntry.objects.filter(member=member, read_at=None, created_at__lte=clock.now()).update(
        read_at=clock.now()
    )
