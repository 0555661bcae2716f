"""Multipliers: they raise what other rules gave in a wallet, all of it or that of chosen lines.

What was earned is split by which of the line-choosing multipliers reach it (one bit for each), so that every part
of it can be raised by its own product of factors. Points that belong to no line are reached only by multipliers
that choose none.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.exact import Exact
from loyalty.programs.rules.matching import Candidate
from loyalty.programs.rules.occurrence import NIL
from loyalty.programs.rules.outcome import Outcome

type Parts = dict[int, Exact]


def multiply(candidates: Sequence[Candidate], earned: Iterable[Outcome], basket: Basket) -> list[Outcome]:
    """The multipliers' outcomes; each one's points are what it adds to the product of those before it."""
    ordered = sorted(candidates, key=lambda each: (-each.rule.priority, -each.rule.factor, each.rule.rank))
    choosing = [candidate for candidate in ordered if candidate.rule.selects]
    parts = _split(earned, choosing, basket)
    bits = {candidate.rule.id: 1 << index for index, candidate in enumerate(choosing)}
    raised: dict[int, Rule] = {}
    outcomes = [_raise(each, bits.get(each.rule.id), parts, raised, basket) for each in ordered]
    if len(basket.lines) > 1:
        _name_lines(outcomes, choosing, basket)
    return outcomes


def _name_lines(outcomes: Iterable[Outcome], choosing: Sequence[Candidate], basket: Basket) -> None:
    """Which lines' points each of the multipliers raised."""
    reached = [_part_of(position, choosing) for position in range(len(basket.lines))]
    for outcome in outcomes:
        outcome.lines = tuple([position for position, part in enumerate(reached) if part in outcome.parts])


def _part_of(position: int, choosing: Sequence[Candidate]) -> int:
    return sum(1 << index for index, candidate in enumerate(choosing) if position in candidate.lines)


def _split(earned: Iterable[Outcome], choosing: Sequence[Candidate], basket: Basket) -> Parts:
    parts: Parts = {}
    for outcome in earned:
        if outcome.exact:
            for part, share in _shares(outcome, choosing, basket):
                parts[part] = parts.get(part, 0) + share
    return parts


def _shares(outcome: Outcome, choosing: Sequence[Candidate], basket: Basket) -> list[tuple[int, Exact]]:
    if not choosing or not outcome.lines:
        return [(0, outcome.exact)]
    sums: dict[int, Decimal] = {}
    for position, weight in outcome.weights(basket).items():
        part = _part_of(position, choosing)
        sums[part] = sums.get(part, NIL) + weight
    if len(sums) == 1:
        return [(part, outcome.exact) for part in sums]
    whole = basket.exact(sum(sums.values(), NIL))
    return [(part, outcome.exact * basket.exact(weight) / whole) for part, weight in sums.items()]


def _raise(candidate: Candidate, bit: int | None, parts: Parts, raised: dict[int, Rule], basket: Basket) -> Outcome:
    rule = candidate.rule
    reach = [part for part, points in parts.items() if points and (bit is None or part & bit)]
    free = [part for part in reach if may_join(rule, raised.get(part))]
    if not reach:
        return Outcome(rule, "nothing-to-multiply")
    if not free:
        return outranked(rule, raised[reach[0]])
    factor = basket.exact(rule.factor)
    added = sum([parts[part] for part in free]) * (factor - 1)
    for part in free:
        raised.setdefault(part, rule)
        parts[part] *= factor
    params = {"factor": f"{rule.factor:f}"} | (basket.labels(candidate.lines) if rule.selects else {})
    return Outcome(rule, "multiplier", params, True, added, parts=tuple(free))


def may_join(rule: Rule, first: Rule | None) -> bool:
    """Whether `rule` may work where `first` already does."""
    return first is None or (rule.stackable and first.stackable)


def outranked(rule: Rule, first: Rule) -> Outcome:
    """The outcome of a rule whose place another has taken."""
    return Outcome(rule, "outranked", {"by": first.id, "by_name": first.name})
