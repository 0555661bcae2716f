"""Which line of a basket brought how many points, exactly: what goes back when that line does.

Reckoned in Fraction whatever the evaluation is reckoned in: a share such as a third of a bonus has no exact Decimal.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.outcome import Outcome

type Shares = tuple[Fraction, ...]

NOTHING = Fraction(0)


def shares_of(outcomes: Sequence[Outcome], basket: Basket) -> Shares:
    """The exact points of each line, before anything is rounded; the multipliers' outcomes come last.

    What belongs to the whole activity is spread over the items by what they cost.
    """
    shares = [NOTHING] * len(basket.lines)
    rest = NOTHING
    for outcome in outcomes:
        if outcome.rule.effect == "multiplier":
            factor = Fraction(outcome.rule.factor)
            rest = rest * factor if 0 in outcome.parts else rest
            for position in outcome.lines:
                shares[position] *= factor
        elif outcome.exact and outcome.lines:
            _spread(Fraction(outcome.exact), outcome.weights(basket), shares)
        elif outcome.exact:
            rest += Fraction(outcome.exact)
    if rest:
        _spread(rest, _costs(basket), shares)
    return tuple(shares)


def _spread(points: Fraction, weights: Mapping[int, Decimal], shares: list[Fraction]) -> None:
    parts = {position: Fraction(weight) for position, weight in weights.items()}
    each = points / sum(parts.values())
    for position, part in parts.items():
        shares[position] += each * part


def _costs(basket: Basket) -> Mapping[int, Decimal]:
    lines = basket.lines
    return spread_over([line.amount for line in lines], [line.kind == "item" for line in lines])


def spread_over(amounts: Sequence[Decimal], are_items: Sequence[bool]) -> dict[int, Decimal]:
    """By which weights lines share what belongs to all of them: items by cost, else whatever costs, else evenly."""
    items = {index: amount for index, amount in enumerate(amounts) if amount > 0 and are_items[index]}
    costs = items or {index: amount for index, amount in enumerate(amounts) if amount > 0}
    return costs or dict.fromkeys(range(len(amounts)), Decimal(1))
