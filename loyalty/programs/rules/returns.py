"""Goods brought back, line by line and in any order: how much of what a purchase earned goes with them. Pure.

All steps together take exactly what was earned. A step takes what everything returned so far stands for, rounded down,
less what the steps before it took; whoever brings back the last piece takes the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

from loyalty.programs.rules.attribution import spread_over

type ByLine = Mapping[int, Fraction]
"""Something of each line, by its position."""

NONE = Decimal(0)
LARGEST_DENOMINATOR = 10**40
DECIMALS = Decimal(1).scaleb(-30)


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of the purchase as it was sold. `amount` is what it cost in all, `back` how many came back before."""

    position: int
    quantity: Decimal
    amount: Decimal
    is_item: bool = True
    back: Decimal = NONE

    @property
    def left(self) -> Decimal:
        """How many can still come back."""
        return self.quantity - self.back


def brought_by(stored: Mapping[str, str] | None, lines: Sequence[Sold]) -> ByLine:
    """The exact points that each line brought, as stored with the award; where none are, by what the lines cost."""
    if stored:
        return {int(position): Fraction(share) for position, share in stored.items()}
    weights = spread_over([line.amount for line in lines], [line.is_item for line in lines])
    return {lines[index].position: Fraction(weight) for index, weight in weights.items()}


def paid_for(lines: Sequence[Sold]) -> ByLine:
    """What points spent on the order paid for: all that it cost, the delivery too."""
    weights = spread_over([line.amount for line in lines], [True] * len(lines))
    return {lines[index].position: Fraction(weight) for index, weight in weights.items()}


def share_texts(shares: Iterable[Fraction]) -> dict[str, str]:
    """Shares in the order of the lines, as an award stores them: by position, counted from 1, those of 0 left out.

    Exact, unless that would be a number of more than forty digits: then to thirty decimals.
    """
    return {str(position): _text(share) for position, share in enumerate(shares, start=1) if share}


def _text(share: Fraction) -> str:
    if share.denominator <= LARGEST_DENOMINATOR:
        return str(share)
    scale = int(1 / DECIMALS)
    return str(Fraction(round(share * scale), scale))


def points_for(points: int, shares: ByLine, lines: Sequence[Sold]) -> int:
    """How many of `points` go with everything that came back of the lines: 0 to all of them."""
    whole = sum(shares.values())
    if not whole or all(line.back >= line.quantity for line in lines if shares.get(line.position)):
        return points
    back = sum(
        shares[line.position] * Fraction(line.back) / Fraction(line.quantity)
        for line in lines
        if line.position in shares
    )
    return floor(points * back / whole)


def step_of(points: int, before: int, shares: ByLine, lines: Sequence[Sold]) -> int:
    """How many of `points` this step takes; `lines` are as after it, `before` is what earlier steps took."""
    return max(points_for(points, shares, lines) - before, 0)


def money_of(line: Sold, quantity: Decimal, decimals: int) -> Decimal:
    """What the next `quantity` of a line cost, to so many decimals: all parts of a line come to its amount."""

    def worth(back: Decimal) -> Decimal:
        exact = Fraction(line.amount) * Fraction(back) / Fraction(line.quantity)
        scaled = Decimal(floor(exact * 10 ** (decimals + 1)))  # one more, so that halves are rounded as halves
        return scaled.scaleb(-decimals - 1).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

    if quantity >= line.left:
        return line.amount - worth(line.back)
    return worth(line.back + quantity) - worth(line.back)
