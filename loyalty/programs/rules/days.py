"""Days, months and midnights of a program's zone, as expiry and activation count them."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from loyalty.programs.rules.invalid import InvalidSetting

type Zone = tzinfo | str  # a zone or its name, such as Europe/Oslo
type MonthDay = tuple[int, int]
ROUNDINGS = {"none": 0, "month": 1, "quarter": 3, "half_year": 6, "year": 12}  # months in a period
INSTANT = timedelta(microseconds=1)


def zone_of(zone: Zone) -> tzinfo:
    return ZoneInfo(zone) if isinstance(zone, str) else zone


def local_day(instant: datetime, zone: Zone) -> date:
    """The calendar day of an aware instant in `zone`; raises InvalidSetting when the instant is naive."""
    if instant.utcoffset() is None:
        raise InvalidSetting("at", "not-aware")
    return instant.astimezone(zone_of(zone)).date()


def start_of_day(day: date, zone: Zone) -> datetime:
    """The UTC instant from which on it is `day` in `zone`; where clocks skip midnight, the first instant after it.

    Where clocks go back over midnight, so that the evening before comes twice, it is after the second one.
    """
    midnight = datetime.combine(day, time(), zone_of(zone))
    once, again = midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC)
    return again if again > once and local_day(again - INSTANT, zone) < day else once


def end_of_day(day: date, zone: Zone) -> datetime:
    """The UTC instant at which `day` is over in `zone`: the exclusive end of what is usable through `day`."""
    return start_of_day(day + timedelta(days=1), zone)


def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_period(day: date, rounding: str) -> date:
    """The last day of the month, quarter, half-year or year that `day` is in; `none` leaves it."""
    span = ROUNDINGS[rounding]
    if not span:
        return day
    last = (day.month - 1) // span * span + span
    return date(day.year, last, monthrange(day.year, last)[1])


def next_date(dates: Iterable[MonthDay], day: date) -> date:
    """The first of the yearly `dates` on or after `day`; 29 February is the 28th in common years."""
    coming = [_in_year(month, number, year) for month, number in dates for year in (day.year, day.year + 1)]
    return min(candidate for candidate in coming if candidate >= day)


def read_dates(field: str, dates: Iterable[MonthDay | str]) -> tuple[MonthDay, ...]:
    """Yearly dates, in order and once each, from pairs or from text such as "12-31"; raises InvalidSetting."""
    return tuple(sorted({_read_date(field, item) for item in dates}))


def _read_date(field: str, item: MonthDay | str) -> MonthDay:
    try:
        month, day = item.split("-") if isinstance(item, str) else item
        date(2024, int(month), int(day))  # a leap year, so that 29 February is a date
    except (TypeError, ValueError):
        raise InvalidSetting(field, "not-a-date", value=str(item)) from None
    return int(month), int(day)


def _in_year(month: int, day: int, year: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def count_of(field: str, value: object, largest: int) -> int:
    """A whole number of days or months; raises InvalidSetting."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidSetting(field, "not-a-whole-number", value=str(value))
    if not 0 <= value <= largest:
        raise InvalidSetting(field, "out-of-range", value=str(value))
    return value
