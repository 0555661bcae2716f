"""What sending points costs, and which amounts may be sent. Pure."""

from datetime import date
from decimal import ROUND_CEILING, Decimal


def fee_of(points: int, *, fixed: int, percent: Decimal) -> int:
    """What the sender pays on top, in whole points: the fixed fee and the part of `points`, rounded up."""
    return fixed + int((points * percent / 100).to_integral_value(ROUND_CEILING))


def left_of(limit: int | None, used: int) -> int | None:
    """What may still be sent under a limit of which `used` is gone; None where there is no limit."""
    return None if limit is None else max(limit - used, 0)


def first_amount(step: int, minimum: int) -> int:
    """The smallest amount that can be sent: the first whole step that reaches the minimum."""
    return -(-minimum // step) * step


def is_whole_steps(points: int, step: int) -> bool:
    return points % step == 0


def year_of(day: date) -> date:
    """The first day of the calendar year."""
    return date(day.year, 1, 1)
