"""What the figures mean: which movements count as earned, spent and expired, and how months add up. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

INSIDE = frozenset({"active", "pending", "held", "transfer"})
"""Movements that neither make points nor use them up."""


class Moved(Protocol):
    """Points that moved on a day: a row of a snapshot, or what the ledger says of the time since."""

    day: date
    bucket: int | None
    contra: str
    points: int


@dataclass(frozen=True, slots=True)
class Month:
    """Points of one calendar month of the program; `earned` is what is left of it after returns."""

    first: date
    earned: int = 0
    spent: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Σ of all movements ever, by bucket: what members hold together (a debt counts against `active`)."""

    active: int = 0
    pending: int = 0
    held: int = 0


def flow_of(contra: str) -> str:
    """`earned`, `expired`, `spent`, or nothing for movements inside the members' accounts and for corrections."""
    if contra in ("issued", "expired"):
        return {"issued": "earned", "expired": "expired"}[contra]
    return "" if contra in INSIDE or contra == "adjusted" else "spent"


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def months_back(last: date, count: int) -> Iterator[date]:
    """The first days of the `count` months that end with the one of `last`, the oldest first."""
    number = last.year * 12 + last.month - 1
    for each in range(number - count + 1, number + 1):
        yield date(each // 12, each % 12 + 1, 1)


def month_after(first: date) -> date:
    """The first day of the next month."""
    return first_of_month(first_of_month(first) + timedelta(days=31))


def by_month(moved: Iterable[Moved], last: date, count: int) -> list[Month]:
    """`count` months up to that of `last`, with what was earned, spent and expired in each; other days are left out."""
    months = {first: Month(first) for first in months_back(last, count)}
    for row in moved:
        first, flow = first_of_month(row.day), flow_of(row.contra)
        if flow and first in months:
            sign = 1 if flow == "earned" else -1
            months[first] = replace(months[first], **{flow: getattr(months[first], flow) + sign * row.points})
    return list(months.values())


def standing(moved: Iterable[Moved]) -> Standing:
    """What all of `moved` leaves in the three buckets."""
    sums = [0, 0, 0]
    for row in moved:
        if row.bucket is not None:
            sums[row.bucket] += row.points
    return Standing(*sums)
