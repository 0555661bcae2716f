"""Who has a birthday or an anniversary, and what of that was recorded."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import DateField, Q
from django.db.models.functions import TruncDate

from loyalty.members.models import Member
from loyalty.programs.models.activity import Activity, ActivityQuerySet
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.models.program import Program
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.in_force import in_force_of
from loyalty.programs.rules.days import MonthDay
from loyalty.programs.rules.occasions import days_kept_on, kept_on, missing_of

ORIGIN = "laurel"  # the source of what Laurel itself records
BIRTHDAY, ANNIVERSARY = "birthday", "anniversary"


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day that a member keeps this year; `years` since it was first."""

    member: Member
    type: str
    day: date
    years: int

    @property
    def key(self) -> str:
        return f"{self.type}:{self.member.number}:{self.day.year}"


def is_recorded(program: Program, external_id: str) -> bool:
    """Whether Laurel recorded this for good; asked again under the unique key when it is recorded."""
    return of_laurel(program).filter(external_id=external_id).exists()


def recorded_at(program: Program, external_id: str) -> datetime | None:
    """When it happened, if it was recorded."""
    return of_laurel(program).filter(external_id=external_id).values_list("event_at", flat=True).first()


def of_laurel(program: Program) -> ActivityQuerySet:
    return Activity.objects.of(program).filter(kind=Activity.Kind.ACTIVITY, source=ORIGIN)


def paying_types(program: Program) -> frozenset[str]:
    """The types of activity that some rule in force pays for."""
    return frozenset(str(rule.trigger) for rule in configuration_of(program).rules if not rule.is_shadow)


def leap_day_of(program: Program, type: str) -> MonthDay:
    """When 29 February is kept in other years."""
    kind = next((each for each in in_force_of(program.pk, "activity_types") if each.code == type), None)
    month, _dash, day = (kind.leap_day if kind else ActivityKind.LeapDay.BEFORE).partition("-")
    return int(month), int(day)


def occasions_on(program: Program, type: str, days: Collection[date]) -> Iterator[Occasion]:
    """The birthdays or anniversaries on `days` (of the program's zone) that are not recorded yet, member by member."""
    leap_day, zone = leap_day_of(program, type), ZoneInfo(program.time_zone)
    joined = TruncDate("joined_at", tzinfo=zone, output_field=DateField())
    found = Member.objects.of(program).active().annotate(joined_on=joined).select_related("program")
    field = "birth_date" if type == BIRTHDAY else "joined_on"
    wanted = {pair for day in days for pair in days_kept_on(day, leap_day)}
    matching = Q()
    for month, number in sorted(wanted):
        matching |= Q(**{f"{field}__month": month, f"{field}__day": number})
    for member in found.filter(matching).order_by("pk").iterator(chunk_size=2000):
        occasion = _occasion(member, type, getattr(member, field), days, leap_day)
        if occasion and not is_recorded(program, occasion.key):
            yield occasion


def _occasion(member: Member, type: str, origin: date, days: Collection[date], leap_day: MonthDay) -> Occasion | None:
    """None for a day before the member joined."""
    day = kept_on(origin, days, leap_day)
    if day is None or member.joined_on > day:  # type: ignore[attr-defined]
        return None
    return Occasion(member, type, day, day.year - origin.year)


def missing_from_profile(member: Member) -> tuple[str, ...]:
    """What the member's profile still lacks to be complete."""
    facts = {name: getattr(member, name) for name in ("name", "birth_date", "email", "phone", "language")}
    return missing_of(**facts)
