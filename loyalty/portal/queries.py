"""What the portal's pages read across the floors below."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.forms.models import model_to_dict

from loyalty.lib import clock
from loyalty.lib.portal import SOON
from loyalty.members import queries as members
from loyalty.members.models import Consent, Member
from loyalty.messaging import queries as messages
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries import personal, reviews, sharing, surveys
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.lots import MemberLot, lots_of
from loyalty.programs.queries.statement import statement_of

WHOLE = 10_000  # rows of a statement that are read at once


@dataclass(frozen=True, slots=True)
class Stock:
    """Points that share their last day (None: they never expire, or wait for a confirmation); days are local."""

    last_on: date | None
    points: int
    first_earned: date
    last_earned: date
    is_soon: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a member has in one wallet, by date: active points by their last day, pending ones by the day they come."""

    wallet: Wallet
    active: tuple[Stock, ...]
    pending: tuple[Stock, ...]


def open_programs(besides: Collection[int] = ()) -> list[Program]:
    """The programs that anyone may join, by name."""
    return list(Program.objects.filter(is_active=True).exclude(pk__in=besides).order_by("name"))


def shelves_of(member: Member) -> list[Shelf]:
    """The member's points by date, wallet by wallet; wallets without points are left out."""
    zone = member.program.time_zone
    soon = clock.business_day(clock.now(), zone) + timedelta(days=max([SOON, *member.program.warn_days]))
    shelves = []
    for wallet, lots in groupby(lots_of(member), lambda lot: lot.wallet):
        own = list(lots)
        active = _stocks([lot for lot in own if lot.state == "active"], "expires_at", zone)
        pending = _stocks([lot for lot in own if lot.state == "pending"], "activates_at", zone)
        marked = tuple(replace(each, is_soon=each.last_on is not None and each.last_on <= soon) for each in active)
        shelves.append(Shelf(wallet, marked, tuple(pending)))
    return shelves


def _stocks(lots: list[MemberLot], instant: str, zone: str) -> list[Stock]:
    """Lots with the same day put together, soonest first, those without a day last."""
    by_day: dict[date | None, list[MemberLot]] = {}
    for lot in lots:
        by_day.setdefault(_day_of(getattr(lot, instant), instant, zone), []).append(lot)
    ordered = sorted(by_day.items(), key=lambda item: (item[0] is None, item[0] or date.max))
    return [_stock(day, same, zone) for day, same in ordered]


def _day_of(at: datetime | None, instant: str, zone: str) -> date | None:
    """The last day before an expiry (half-open: it ends at the next day's start), or the day of an activation."""
    if at is None:
        return None
    last = at - timedelta(microseconds=1) if instant == "expires_at" else at
    return last.astimezone(ZoneInfo(zone)).date()


def _stock(day: date | None, lots: list[MemberLot], zone: str) -> Stock:
    earned = [clock.business_day(lot.earned_at, zone) for lot in lots]
    return Stock(day, sum(lot.remaining for lot in lots), min(earned), max(earned))


def decisions_of(member: Member) -> list[Consent]:
    """Every decision about every text, newest first."""
    return list(member.consents.select_related("text").order_by("-at", "-id"))


def data_of(member: Member) -> dict[str, Any]:
    """Everything that is kept about the person, floor by floor, as plain values."""
    return {
        "program": {"code": member.program.code, "name": member.program.name},
        **members.data_of(member),
        "activities": [_as_told(activity) for activity in _activities_of(member)],
        "balances": _balances_of(member),
        "points": [_lot(lot) for lot in lots_of(member, with_used=True)],
        "statement": _whole_statement_of(member),
        **personal.data_of(member),
        "reviews": reviews.data_of(member),
        "surveys": surveys.data_of(member),
        "shares": sharing.data_of(member),
        "messages": messages.data_of(member),
    }


def _balances_of(member: Member) -> list[dict[str, Any]]:
    names = ("active", "pending", "held", "debt", "earned_total")
    return [
        {"wallet": balance.wallet.code} | {name: getattr(balance, name) for name in names}
        for balance in balances_of(member)
    ]


def _lot(lot: MemberLot) -> dict[str, Any]:
    names = ("granted", "remaining", "earned_at", "expires_at", "activates_at", "state", "source")
    return {"wallet": lot.wallet.code} | {name: getattr(lot, name) for name in names}


def _whole_statement_of(member: Member) -> list[dict[str, Any]]:
    names = ("id", "at", "event_at", "kind", "points", "balance_after", "source", "title", "why")
    rows, cursor = [], None
    while True:
        page = statement_of(member, cursor=cursor, limit=WHOLE)
        rows += [{name: getattr(row, name) for name in names} | {"wallet": row.wallet.code} for row in page.rows]
        if (cursor := page.next) is None:
            return rows


def _activities_of(member: Member) -> QuerySet[Activity]:
    return Activity.objects.filter(member=member).prefetch_related("lines").order_by("event_at", "pk")


def _as_told(activity: Activity) -> dict[str, Any]:
    """What a till or shop told us, without our own numbers."""
    ours, lines_ours = {"id", "program", "member", "digest", "once"}, {"id", "activity", "position"}
    told = {name: value for name, value in model_to_dict(activity).items() if name not in ours}
    lines = [model_to_dict(line) for line in activity.lines.all()]
    return told | {
        "created_at": activity.created_at,
        "lines": [{name: value for name, value in line.items() if name not in lines_ours} for line in lines],
    }
