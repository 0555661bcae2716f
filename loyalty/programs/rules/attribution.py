"""Which line of a basket brought how many points, exactly: what goes back when that line does.

Reckoned in whole numbers over one denominator, whatever the evaluation is reckoned in: a share such as a third of a
bonus has no exact Decimal, and Fractions would take longer than all the rest of an evaluation.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.exact import Exact
from loyalty.programs.rules.outcome import Outcome

type Shares = tuple[Fraction, ...]


def shares_of(outcomes: Sequence[Outcome], basket: Basket) -> Shares:
    """The exact points of each line, before anything is rounded; the multipliers' outcomes come last.

    What belongs to the whole activity is spread over the items by what they cost.
    """
    sharing = _Sharing(len(basket.lines))
    for outcome in outcomes:
        if outcome.rule.effect == "multiplier":
            sharing.multiply(outcome.rule.factor, outcome.lines, with_rest=0 in outcome.parts)
        elif outcome.exact and outcome.lines:
            sharing.spread(outcome.exact, outcome.weights(basket))
        elif outcome.exact:
            sharing.keep(outcome.exact)
    return sharing.settled(basket)


class _Sharing:
    """Points by line, and the rest that belongs to no line: numerators over the one denominator `whole`."""

    __slots__ = ("parts", "rest", "whole")

    def __init__(self, lines: int) -> None:
        self.parts = [0] * lines
        self.rest = 0
        self.whole = 1

    def spread(self, points: Exact, weights: Mapping[int, Decimal]) -> None:
        """So many points over lines, by their weights."""
        above, below = points.as_integer_ratio()
        ratios = [weight.as_integer_ratio() for weight in weights.values()]
        common = lcm(*[denominator for _numerator, denominator in ratios])
        whole_weights = [numerator * (common // denominator) for numerator, denominator in ratios]
        scale = self._over(below * sum(whole_weights))
        for position, weight in zip(weights, whole_weights, strict=True):
            self.parts[position] += above * weight * scale

    def keep(self, points: Exact) -> None:
        """So many more points that belong to no line."""
        above, below = points.as_integer_ratio()
        self.rest += above * self._over(below)

    def multiply(self, factor: Decimal, lines: Sequence[int], *, with_rest: bool) -> None:
        above, below = factor.as_integer_ratio()
        self._grow(below)
        for position in lines:
            self.parts[position] = self.parts[position] // below * above
        if with_rest:
            self.rest = self.rest // below * above

    def settled(self, basket: Basket) -> Shares:
        """Every line's points, its part of the rest among them."""
        if self.rest:
            self.spread(Fraction(self.rest, self.whole), _costs(basket))
        return tuple([Fraction(part, self.whole) for part in self.parts])

    def _over(self, denominator: int) -> int:
        """Bring everything over a denominator that this one divides; by how much numerators over this one grow."""
        self._grow(lcm(self.whole, denominator) // self.whole)
        return self.whole // denominator

    def _grow(self, factor: int) -> None:
        if factor != 1:
            self.parts = [part * factor for part in self.parts]
            self.rest *= factor
            self.whole *= factor


def _costs(basket: Basket) -> Mapping[int, Decimal]:
    lines = basket.lines
    return spread_over([line.amount for line in lines], [line.kind == "item" for line in lines])


def spread_over(amounts: Sequence[Decimal], are_items: Sequence[bool]) -> dict[int, Decimal]:
    """By which weights lines share what belongs to all of them: items by cost, else whatever costs, else evenly."""
    items = {index: amount for index, amount in enumerate(amounts) if amount > 0 and are_items[index]}
    costs = items or {index: amount for index, amount in enumerate(amounts) if amount > 0}
    return costs or dict.fromkeys(range(len(amounts)), Decimal(1))
