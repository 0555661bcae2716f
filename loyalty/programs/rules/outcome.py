"""What one rule gives on given lines, exactly and before anything is rounded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.exact import Exact
from loyalty.programs.rules.occurrence import NIL


@dataclass(slots=True)
class Outcome:
    """One rule's part. `lines` are those that its points belong to; none when they belong to the whole activity.

    A multiplier's `parts` are what it raised of that which `multiplying` tells apart, its `lines` those in them.
    """

    rule: Rule
    code: str
    params: dict[str, Any] = field(default_factory=dict)
    matched: bool = False
    exact: Exact = 0
    lines: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()

    def weights(self, basket: Basket) -> Mapping[int, Decimal]:
        """How its points spread over its lines: by item, by amount, or evenly over lines that cost nothing."""
        if self.rule.effect == "fixed_per_unit":
            return basket.quantities(self.lines)
        if basket.sum(self.lines, self.rule.with_tax) <= 0:
            return dict.fromkeys(self.lines, Decimal(1))
        amounts = basket.amounts(self.rule.with_tax)
        return {position: amounts[position] for position in self.lines}


def earn(rule: Rule, lines: tuple[int, ...], basket: Basket) -> Outcome:
    """What `rule` gives when it alone works on `lines`."""
    total = basket.sum(lines, rule.with_tax)
    if total <= 0 and (rule.effect == "rate" or basket.is_purchase):
        return Outcome(rule, "nothing-to-earn-on", {"amount": f"{total:f}"})
    if not rule.points:
        return Outcome(rule, "pays-nothing", {"amount": f"{total:f}"}, matched=True)
    if rule.effect == "rate":
        return _earn_rate(rule, lines, total, basket)
    if rule.effect == "fixed_per_unit":
        return _earn_per_unit(rule, lines, basket)
    params = _params(rule, lines, basket)
    return Outcome(rule, "fixed", params, True, basket.exact(rule.points), lines if rule.claims else ())


def _earn_rate(rule: Rule, lines: tuple[int, ...], total: Decimal, basket: Basket) -> Outcome:
    params = _params(rule, lines, basket)
    params |= {"per_amount": f"{rule.per_amount:f}", "amount": f"{total:f}", "whole_steps": rule.whole_steps}
    if not rule.whole_steps:
        points = basket.exact(rule.points * total) / basket.exact(rule.per_amount)
        return Outcome(rule, "rate", params, True, points, lines)
    steps = total // rule.per_amount
    if not steps:
        return Outcome(rule, "below-first-step", params)
    return Outcome(rule, "rate", params, True, basket.exact(rule.points * steps), lines)


def _earn_per_unit(rule: Rule, lines: tuple[int, ...], basket: Basket) -> Outcome:
    units = sum(basket.quantities(lines).values(), NIL)
    counted = units // 1 if rule.whole_steps else units
    params = _params(rule, lines, basket) | {"units": f"{counted:f}"}
    if counted <= 0:
        return Outcome(rule, "below-first-step" if units > 0 else "nothing-to-earn-on", params)
    return Outcome(rule, "fixed-per-unit", params, True, basket.exact(rule.points * counted), lines)


def _params(rule: Rule, lines: tuple[int, ...], basket: Basket) -> dict[str, Any]:
    params = {"points": f"{rule.points:f}"}
    return params | basket.labels(lines) if rule.claims or rule.selects else params
