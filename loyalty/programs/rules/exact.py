"""Exact numbers: decimals of a sane size, no rounding in between, one rounding at the end.

Points are reckoned in Decimal as long as that is exact, which it is for all but rates such as "1 point per 3.00". Where
it is not, the EXACT context raises Inexact and the same is reckoned again in Fraction, which is slower.
"""

from collections.abc import Callable
from decimal import Clamped, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from fractions import Fraction
from math import ceil, floor
from typing import Any

from loyalty.programs.rules.invalid import InvalidSetting

type Exact = Any  # Decimal or Fraction; they reckon alike, but not with one another
type ToExact = Callable[[Decimal], Exact]

# Sums of the amounts below are exact in it; what is not exact raises and is never silently rounded.
EXACT = Context(prec=120, traps=[Clamped, DivisionByZero, Inexact, InvalidOperation, Overflow])
LARGEST = Decimal(10) ** 15
MOST_DECIMALS = 30
MAX_POINTS = 2**53
ROUNDINGS = ("down", "half_up", "up")  # from the strictest to the kindest


class PointsOutOfRange(ValueError):
    """One activity would earn more than MAX_POINTS in a wallet: rules or amounts are absurd, so nothing is awarded."""


def decimal_of(field: str, value: object) -> Decimal:
    """A Decimal or integer as an exact Decimal; raises InvalidSetting for floats, truth values, NaN, absurd sizes."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise InvalidSetting(field, "not-a-number", value=str(value))
    number = value if isinstance(value, Decimal) else Decimal(value)
    if not number.is_finite():
        raise InvalidSetting(field, "not-a-number", value=str(value))
    if not -LARGEST <= number <= LARGEST or int(number.as_tuple().exponent) < -MOST_DECIMALS:
        raise InvalidSetting(field, "out-of-range", value=str(value))
    return number


def parse_decimal(field: str, value: object) -> Decimal:
    """Like `decimal_of`, and also reads text such as "12.50"."""
    if not isinstance(value, str):
        return decimal_of(field, value)
    try:
        return decimal_of(field, Decimal(value.strip()))
    except InvalidOperation:
        raise InvalidSetting(field, "not-a-number", value=value) from None


def as_decimal(number: Decimal) -> Exact:
    return number


def exactly[Result](reckon: Callable[[ToExact], Result]) -> Result:
    """`reckon` with Decimal, and where that would not be exact with Fraction."""
    with localcontext(EXACT):
        try:
            return reckon(as_decimal)
        except Inexact:
            return reckon(Fraction)


def _half_up(exact: Exact) -> int:
    return (floor(2 * exact) + 1) // 2


_ROUND: dict[str, Callable[[Exact], int]] = {"down": floor, "half_up": _half_up, "up": ceil}


def kindest(roundings: list[str]) -> str:
    """The rounding that favours the member most."""
    return max(roundings, key=ROUNDINGS.index, default="down")


def round_points(exact: Exact, rounding: str) -> int:
    """Whole points, never below zero; raises PointsOutOfRange."""
    points = max(0, _ROUND[rounding](exact))
    if points > MAX_POINTS:
        raise PointsOutOfRange(f"{points} points for one activity")
    return points
