"""Things to share, and members' links to them."""

from datetime import datetime
from typing import Any

from loyalty.members.models import Member
from loyalty.programs.errors.sharing import UnknownShare
from loyalty.programs.models.program import Program
from loyalty.programs.models.sharing import Share, ShareItem
from loyalty.programs.rules.days import local_day
from loyalty.programs.rules.sharing import period_of


def items_of(program: Program) -> list[ShareItem]:
    """What is published and in use, whether it can be shared now or not."""
    return list(ShareItem.objects.filter(program=program, is_published=True, is_archived=False).order_by("pk"))


def item_by_code(program: Program, code: str) -> ShareItem:
    """One of them. Raises UnknownShare."""
    item = ShareItem.objects.filter(program=program, code=code, is_published=True, is_archived=False).first()
    if item is None:
        raise UnknownShare
    item.program = program
    return item


def is_open(item: ShareItem, at: datetime) -> bool:
    """Whether it can be shared at `at`, and visits count."""
    begun = item.starts_at is None or item.starts_at <= at
    is_out = item.is_published and not item.is_archived
    return is_out and begun and (item.ends_at is None or at < item.ends_at)


def period_at(item: ShareItem, program: Program, at: datetime) -> str:
    """The period of `item` that `at` lies in, by the program's days."""
    return period_of(item.period, local_day(at, program.time_zone))


def shares_now(member: Member, items: list[ShareItem], at: datetime) -> dict[int, Share]:
    """The member's links of this very period, by thing."""
    found = Share.objects.filter(member=member, item__in=items).select_related("activity")
    now = {item.pk: period_at(item, member.program, at) for item in items}
    return {share.item_id: share for share in found if share.period == now[share.item_id]}


def share_by_token(program: Program, token: str) -> Share:
    """The link with this code, also after its period. Raises UnknownShare."""
    found = Share.objects.select_related("item", "member__program").filter(item__program=program, token=token).first()
    if found is None:
        raise UnknownShare
    return found


def data_of(member: Member) -> list[dict[str, Any]]:
    """What is kept of the member's links, as plain values."""
    names = ("item__title", "period", "created_at", "shared_at", "visits")
    return list(Share.objects.filter(member=member).order_by("pk").values(*names))
