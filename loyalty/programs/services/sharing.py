"""Sharing: a link of one's own, saying that one shared, and visits of others. Each thing pays once per period."""

import logging
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from loyalty.lib import clock
from loyalty.lib.errors import Busy, DomainError
from loyalty.members.models import Member
from loyalty.members.services.rows import sign
from loyalty.programs.errors.sharing import SharingClosed
from loyalty.programs.models.sharing import Share, ShareItem, ShareVisit
from loyalty.programs.queries.occasions import of_laurel
from loyalty.programs.queries.sharing import is_open, period_at
from loyalty.programs.rules.sharing import MOST_VISITS
from loyalty.programs.services.occasions import record_once
from loyalty.programs.services.transactions import in_transaction

logger = logging.getLogger(__name__)
Pays = ShareItem.Pays


def link_for(item: ShareItem, member: Member, *, origin: str, at: datetime | None = None) -> Share:
    """The member's link to `item` in this period, made when it is first looked at. Raises SharingClosed.

    `origin` is the browser that looks: visits from there are the member's own and do not count.
    """
    at = at or clock.now()
    if not is_open(item, at):
        raise SharingClosed
    share, _is_new = Share.objects.get_or_create(
        item=item,
        member=member,
        period=period_at(item, member.program, at),
        defaults={"token": secrets.token_urlsafe(12), "origin": origin, "created_at": at},
    )
    if share.origin != origin:
        share.origin = origin
        share.save(update_fields=["origin"])
    return share


def tell_shared(share: Share, *, actor: str, at: datetime | None = None) -> Share:
    """The member says that they shared it; where the sharing itself earns, it is paid. Harmless twice.

    Raises SharingClosed, MemberNotActive, ProgramClosed.
    """
    return in_transaction(lambda: _tell_shared(share.pk, actor, at or clock.now()))


def count_visit(share: Share, *, visitor: str, user_id: int | None, at: datetime | None = None) -> bool:
    """Somebody came by the link and went on; whether it counts. The first visit that does pays where visits earn.

    One's own visits, those of the browser that made the link, and second ones of the same browser do not count.
    """
    if user_id is not None and user_id == share.member.user_id:
        return False
    return in_transaction(lambda: _count_visit(share.pk, visitor, at or clock.now()))


def key_of(share: Share) -> str:
    """What a shared thing is known by among the activities, for ever: once per member and period."""
    return f"share:{share.item_id}:{share.member.number}:{share.period}"


def _tell_shared(share_id: int, actor: str, at: datetime) -> Share:
    share = _locked(share_id)
    if not is_open(share.item, at):
        raise SharingClosed
    share.shared_at = share.shared_at or at
    share.save(update_fields=["shared_at"])
    is_to_pay = share.item.pays_on == Pays.SHARE and share.activity_id is None
    return _pay(share, actor, at) if is_to_pay else share


def _count_visit(share_id: int, visitor: str, at: datetime) -> bool:
    share = _locked(share_id)
    if visitor == share.origin or share.visits >= MOST_VISITS or not is_open(share.item, at):
        return False
    _visit, is_new = ShareVisit.objects.get_or_create(share=share, visitor=visitor, defaults={"at": at})
    if not is_new:
        return False
    share.visits += 1
    share.save(update_fields=["visits"])
    if share.item.pays_on == Pays.VISIT and share.activity_id is None:
        _pay_for_visit(share, at)
    return True


def _pay_for_visit(share: Share, at: datetime) -> None:
    """A visitor is not kept waiting for what the member cannot earn now, because they are blocked for instance."""
    try:
        with transaction.atomic():
            _pay(share, "visit:share", at)
    except Busy:
        raise
    except DomainError as error:
        logger.info("the visit by link %s pays nothing: %s", share.pk, error.code)


def _pay(share: Share, actor: str, at: datetime) -> Share:
    key = key_of(share)
    record_once(share.member, "share", key, at=at, attributes=told_of(share.item), actor=actor)
    share.activity = of_laurel(share.member.program).filter(external_id=key).first()
    share.save(update_fields=["activity"])
    return share


def _locked(share_id: int) -> Share:
    rows = Share.objects.select_for_update(of=("self",), no_key=True).select_related("item", "member__program")
    return rows.get(pk=share_id)


def save_share_item(item: ShareItem, *, actor: str) -> ShareItem:
    """A thing to share as it is now."""
    sign(item, actor).save()
    return item


@transaction.atomic
def publish_share_item(item: ShareItem, *, actor: str) -> ShareItem:
    """Show it to members, within its time. Harmless twice."""
    fresh = ShareItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    if not fresh.is_published:
        fresh.is_published = True
        save_share_item(fresh, actor=actor)
    return fresh


@transaction.atomic
def archive_share_item(item: ShareItem, *, is_archived: bool = True, actor: str) -> ShareItem:
    """Out of use, or back into it; links still lead on, and count no more. Harmless twice."""
    fresh = ShareItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    if fresh.is_archived != is_archived:
        fresh.is_archived = is_archived
        save_share_item(fresh, actor=actor)
    return fresh


def told_of(item: ShareItem) -> dict[str, Any]:
    """What earning rules may ask of it."""
    return {"item": item.code}
