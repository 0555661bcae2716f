"""What is known about a member beside the basket, and which of it the rules of a program ask for.

Days are business days of the program's zone. Windows reach back from the business day of what is judged, which is day
0: “in the last 30 days” is everything earlier that happened at most 30 days ago. What is judged never counts itself,
nor anything at the very same instant, so that the order in which simultaneous purchases are learned of decides nothing.
"""

from calendar import isleap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from loyalty.programs.rules.conditions import DONE, WINDOWS, Condition
from loyalty.programs.rules.days import Zone, start_of_day, zone_of

# What `programs_standing` is asked by its name alone.
ASKED = ("tiers", "lists", "person", "last_purchase", "balances", "household")
NO_BALANCES: Mapping[int, int] = MappingProxyType({})


class HeldTier(NamedTuple):
    """A rung of a ladder on which a member stands, by its codes and its name."""

    ladder: str
    code: str
    name: str = ""


class Recent(NamedTuple):
    """Purchases in a window: how many, and what was spent on them less what came back."""

    purchases: int
    spend: Decimal


NONE_RECENT = Recent(0, Decimal(0))
NO_WINDOWS: Mapping[int, Recent] = MappingProxyType({})
NOTHING_DONE: Mapping[tuple[str, int], int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Standing:
    """Only what was asked for is filled in. Instants are aware; `balances` are what is held by wallet, pending too.

    `lists` holds the codes and names of the member lists; `windows` is by number of days, `done` (how often) by type
    of activity and number of days.
    """

    tiers: tuple[HeldTier, ...] = ()
    lists: tuple[str, ...] = ()
    joined_at: datetime | None = None
    birth_date: date | None = None
    last_purchase_at: datetime | None = None
    windows: Mapping[int, Recent] = field(default_factory=lambda: NO_WINDOWS)
    done: Mapping[tuple[str, int], int] = field(default_factory=lambda: NOTHING_DONE)
    balances: Mapping[int, int] = field(default_factory=lambda: NO_BALANCES)
    household: int | None = None

    def fact(self, condition: Condition, local: datetime) -> Any:
        """What `condition` compares, at an instant in the program's zone; None where it is not known."""
        match condition.subject:
            case "tier":
                return tuple(
                    name for held in self.tiers for name in (held.code, held.name, f"{held.ladder}:{held.code}")
                )
            case "list":
                return self.lists
            case "member_days":
                return _days_since(self.joined_at, local)
            case "age":
                return age_on(self.birth_date, local.date()) if self.birth_date else None
            case "birthday":
                return days_from_birthday(self.birth_date, local.date()) if self.birth_date else None
            case "days_since_purchase":
                return _days_since(self.last_purchase_at, local)
            case "activities_in_days":
                return Decimal(self.done.get(condition.done, 0))
            case "purchases_in_days":
                return Decimal(self.windows.get(int(condition.name), NONE_RECENT).purchases)
            case _:
                return self.windows.get(int(condition.name), NONE_RECENT).spend

    def after(self, bought: Iterable[tuple[datetime, Decimal]], at: datetime, zone: Zone) -> "Standing":
        """The standing at `at` when these purchases (instant, total) are not in the books yet but will be."""
        earlier = [(when, total) for when, total in bought if when < at]
        if not earlier:
            return self
        known = [self.last_purchase_at] if self.last_purchase_at else []
        windows = {days: _grown(recent, earlier, window_start(at, days, zone)) for days, recent in self.windows.items()}
        last = max([*known, *(when for when, _total in earlier)])
        return replace(self, last_purchase_at=last, windows=windows)


NOBODY = Standing()


@dataclass(frozen=True, slots=True)
class Needs:
    """What the rules of a program ask about members. A program that asks for nothing reads and locks nothing more."""

    first: bool = False
    tiers: bool = False
    lists: bool = False
    person: bool = False
    last_purchase: bool = False
    windows: frozenset[int] = frozenset()
    done: frozenset[tuple[str, int]] = frozenset()
    balances: bool = False
    household: bool = False
    follows: bool = False  # ladders are followed, whose moves need the member's row
    watches: bool = False  # what happens too often is counted, and may be under review

    @property
    def takes_turns(self) -> bool:
        """Whether what one purchase changes can decide what the next one earns, so that a member's take turns."""
        asks = self.first or self.tiers or self.last_purchase or self.balances
        return asks or bool(self.windows) or bool(self.done) or self.follows or self.watches

    @property
    def is_told_anew(self) -> bool:
        """Whether what one purchase changes must be read again before the next one of the member is judged."""
        return self.tiers or self.balances

    @property
    def has_standing(self) -> bool:
        """Whether anything of a Standing is asked for."""
        asks = self.tiers or self.lists or self.person or self.last_purchase
        return asks or bool(self.windows) or bool(self.done) or self.balances or self.household

    def asked(self, at: datetime, zone: Zone) -> dict[str, Any] | None:
        """As `programs_situation` is asked, about something that happened at `at`; None for nothing."""
        if not self.has_standing:
            return None
        flags = {name: True for name in ASKED if getattr(self, name)}
        windows = {str(days): window_start(at, days, zone).isoformat() for days in sorted(self.windows)}
        done = [[type, days, window_start(at, days, zone).isoformat()] for type, days in sorted(self.done)]
        asked = {"windows": windows, "done": done}
        return flags | {"at": at.astimezone(UTC).isoformat()} | {name: told for name, told in asked.items() if told}

    def covers(self, other: "Needs") -> bool:
        """Whether whoever asked for this knows what `other` asks for, and took turns where `other` does."""
        flags = ("first", *ASKED, "takes_turns")
        reaches = self.windows >= other.windows and self.done >= other.done
        return reaches and all(getattr(self, name) >= getattr(other, name) for name in flags)

    def joined(self, other: "Needs") -> "Needs":
        """What both ask for together."""
        flags = {name: getattr(self, name) or getattr(other, name) for name in ("first", *ASKED, "follows", "watches")}
        return Needs(windows=self.windows | other.windows, done=self.done | other.done, **flags)


NO_NEEDS = Needs()


def needs_of(
    conditions: Iterable[Condition],
    *,
    tiers: bool = False,
    balances: bool = False,
    household: bool = False,
    follows: bool = False,
    watches: bool = False,
) -> Needs:
    """What these conditions ask for; the flags say that something else asks too."""
    asked = list(conditions)
    subjects = {condition.subject for condition in asked}
    windows = {int(each.name) for each in asked if each.subject in WINDOWS}
    return Needs(
        first="first_purchase" in subjects,
        tiers=tiers or "tier" in subjects,
        lists="list" in subjects,
        person=bool(subjects & {"member_days", "age", "birthday"}),
        last_purchase="days_since_purchase" in subjects,
        windows=frozenset(windows),
        done=frozenset(each.done for each in asked if each.subject == DONE),
        balances=balances,
        household=household,
        follows=follows,
        watches=watches,
    )


def standing_from(told: Mapping[str, Any] | None) -> Standing:
    """A Standing as `programs_situation` tells it."""
    if not told:
        return NOBODY
    windows = told.get("windows") or {}
    return Standing(
        tiers=tuple(HeldTier(*held) for held in told.get("tiers") or ()),
        lists=tuple(told.get("lists") or ()),
        joined_at=_instant(told.get("joined_at")),
        birth_date=date.fromisoformat(told["birth_date"]) if told.get("birth_date") else None,
        last_purchase_at=_instant(told.get("last_purchase_at")),
        windows={int(days): Recent(times, Decimal(str(spend))) for days, (times, spend) in windows.items()},
        done={(type, days): times for type, days, times in told.get("done") or ()},
        balances={int(wallet): held for wallet, held in (told.get("balances") or {}).items()},
        household=told.get("household"),
    )


def window_start(at: datetime, days: int, zone: Zone) -> datetime:
    """The UTC instant from which on something happened at most `days` business days before `at`."""
    return start_of_day(at.astimezone(zone_of(zone)).date() - timedelta(days=days), zone)


def birthday_in(year: int, born: date) -> date:
    """The birthday in a year: whoever was born on 29 February has it on the 28th in common years."""
    if (born.month, born.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return born.replace(year=year)


def age_on(born: date, day: date) -> Decimal:
    """Full years on `day`."""
    return Decimal(max(day.year - born.year - (day < birthday_in(day.year, born)), 0))


def days_from_birthday(born: date, day: date) -> Decimal:
    """How many days `day` is away from the nearest birthday, before it or after; 0 on the day itself."""
    years = (day.year - 1, day.year, day.year + 1)
    return Decimal(min(abs((day - birthday_in(year, born)).days) for year in years))


def _days_since(instant: datetime | None, local: datetime) -> Decimal | None:
    zone: tzinfo | None = local.tzinfo
    return None if instant is None else Decimal(max((local.date() - instant.astimezone(zone).date()).days, 0))


def _grown(recent: Recent, bought: Iterable[tuple[datetime, Decimal]], start: datetime) -> Recent:
    totals = [total for when, total in bought if when >= start]
    return Recent(recent.purchases + len(totals), recent.spend + sum(totals, Decimal(0)))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
