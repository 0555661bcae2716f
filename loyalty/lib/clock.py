"""The one clock. Instants are aware UTC; business days belong to a program's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant in UTC; the only `now` in the product, so that tests move one clock."""
    return datetime.now(UTC)


def business_day(instant: datetime, zone: str) -> date:
    """The calendar day of `instant` where the program lives."""
    return instant.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The UTC instant at which `day` begins in `zone` (half-open intervals end at the next day's start)."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def noon_of(day: date, zone: str) -> datetime:
    """The UTC instant of noon on `day`: what a bare date means in a file of purchases."""
    return datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """The first instant after `day`."""
    return start_of_day(day + timedelta(days=1), zone)
