"""What earns by itself: days that come every year, and a profile that is complete."""

from calendar import isleap
from collections.abc import Collection
from datetime import date, timedelta

from loyalty.programs.rules.days import MonthDay

LEAP: MonthDay = (2, 29)
CATCH_UP = 7  # days that a late run looks back


def days_kept_on(day: date, leap_day: MonthDay = (2, 28)) -> tuple[MonthDay, ...]:
    """The days of birth (or of joining) that are kept on `day`; 29 February in common years on `leap_day`."""
    own = (day.month, day.day)
    return (own, LEAP) if own == leap_day and not isleap(day.year) else (own,)


def kept_on(origin: date, days: Collection[date], leap_day: MonthDay = (2, 28)) -> date | None:
    """The latest of `days` on which `origin` is kept; None when it is on none of them, or not a year later yet."""
    found = [
        day for day in days if (origin.month, origin.day) in days_kept_on(day, leap_day) and day.year > origin.year
    ]
    return max(found, default=None)


def days_back_from(today: date, count: int = CATCH_UP) -> tuple[date, ...]:
    """Today and the days before it, `count` in all."""
    return tuple(today - timedelta(days=back) for back in range(count))


def missing_of(*, name: str, birth_date: date | None, email: str, phone: str, language: str) -> tuple[str, ...]:
    """What a complete profile still lacks, in the order of the form; `contact` is an e-mail address or a phone."""
    told = {"name": name.strip(), "birth_date": birth_date, "contact": email or phone, "language": language}
    return tuple(field for field, value in told.items() if not value)
