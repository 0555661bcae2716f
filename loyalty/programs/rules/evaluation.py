"""Judging an occurrence by all rules of a program: awards and explanation."""

from collections.abc import Iterable, Sequence

from loyalty.programs.rules.attribution import shares_of
from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.benefits import NO_BENEFITS, Benefits, raised
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.exact import PointsOutOfRange, ToExact, exactly, kindest, round_points
from loyalty.programs.rules.explanation import Award, Evaluation, Step, WalletId
from loyalty.programs.rules.invalid import InvalidSetting
from loyalty.programs.rules.matching import Candidate, Miss, match
from loyalty.programs.rules.occurrence import Occurrence
from loyalty.programs.rules.outcome import Outcome
from loyalty.programs.rules.stacking import settle


class RuleBook:
    """The rules of a program, sorted once for many occurrences. The order in which they come does not matter.

    Raises InvalidSetting when two rules have one id.
    """

    __slots__ = ("_by_trigger", "benefits")

    def __init__(self, rules: Iterable[Rule], benefits: Benefits = NO_BENEFITS) -> None:
        self.benefits = benefits
        ordered = sorted(rules, key=_by_priority)
        if len({rule.id for rule in ordered}) < len(ordered):
            raise InvalidSetting("id", "not-unique")
        wallets: dict[str, dict[WalletId, list[Rule]]] = {}
        for rule in ordered:
            wallets.setdefault(rule.trigger, {}).setdefault(rule.wallet, []).append(rule)
        self._by_trigger = {
            trigger: sorted(rules_of.items(), key=lambda item: (len(str(item[0])), str(item[0])))
            for trigger, rules_of in wallets.items()
        }

    def evaluate(self, occurrence: Occurrence) -> Evaluation:
        """What `occurrence` earns, and why. Raises PointsOutOfRange when that is more than a wallet can hold.

        Rules for other activities are not mentioned in the explanation.
        """
        return exactly(lambda exact: self._evaluate(occurrence, exact))

    def _evaluate(self, occurrence: Occurrence, exact: ToExact) -> Evaluation:
        awards: list[Award] = []
        steps: list[Step] = []
        basket = Basket(occurrence, exact)
        for wallet, rules in self._by_trigger.get(occurrence.type, ()):
            award = _evaluate_wallet(wallet, rules, occurrence, basket, steps, self._factors(wallet, occurrence))
            if award.points:
                awards.append(award)
        return Evaluation(tuple(awards), tuple(steps))

    def _factors(self, wallet: WalletId, occurrence: Occurrence) -> list[Rule]:
        """Those of the tiers on which the member stands."""
        if not self.benefits:
            return []
        held = [self.benefits.get((tier.ladder, tier.code), {}) for tier in occurrence.standing.tiers]
        return [by_wallet[wallet] for by_wallet in held if wallet in by_wallet]


def evaluate(rules: Iterable[Rule] | RuleBook, occurrence: Occurrence) -> Evaluation:
    """`RuleBook.evaluate` for rules that are used once."""
    book = rules if isinstance(rules, RuleBook) else RuleBook(rules)
    return book.evaluate(occurrence)


def _evaluate_wallet(
    wallet: WalletId,
    rules: Sequence[Rule],
    occurrence: Occurrence,
    basket: Basket,
    steps: list[Step],
    factors: Sequence[Rule],
) -> Award:
    live: list[Candidate] = []
    missed: list[Miss] = []
    shadows: list[Candidate | Miss] = []
    for rule in rules:
        judged = match(rule, occurrence, basket)
        if rule.is_shadow:
            shadows.append(judged)
        elif isinstance(judged, Candidate):
            live.append(judged)
        else:
            missed.append(judged)
    outcomes = raised(settle(live, basket), factors, basket)
    points = attribute(outcomes)
    total = sum(points)
    given = [_step(outcome, share) for outcome, share in zip(outcomes, points, strict=True)]
    steps += [step for step in given if step.matched]
    steps += [step for step in given if not step.matched]
    steps += [_step(miss) for miss in missed]
    steps += [_step(each) if isinstance(each, Miss) else _shadow_step(each, live, basket, total) for each in shadows]
    shares = shares_of(outcomes, basket) if total and len(basket.lines) > 1 else ()
    return Award(wallet, total, tuple(outcome.rule.id for outcome in outcomes if outcome.exact), shares)


def attribute(outcomes: Sequence[Outcome]) -> list[int]:
    """Whole points for each outcome: by how much the rounded running sum grows. Raises PointsOutOfRange."""
    rounding = kindest([outcome.rule.rounding for outcome in outcomes if outcome.exact])
    exact, rounded, points = 0, 0, []
    for outcome in outcomes:
        exact += outcome.exact
        before, rounded = rounded, round_points(exact, rounding) if outcome.exact else rounded
        points.append(rounded - before)
    return points


def _shadow_step(shadow: Candidate, live: Sequence[Candidate], basket: Basket, total: int) -> Step:
    """The shadow rule as if it alone had gone live."""
    outcomes = settle(sorted([*live, shadow], key=lambda each: _by_priority(each.rule)), basket)
    position = next(index for index, outcome in enumerate(outcomes) if outcome.rule is shadow.rule)
    try:
        points = attribute(outcomes)
    except PointsOutOfRange:
        return _step(Outcome(shadow.rule, "too-many-points", matched=True))
    outcomes[position].params |= {"would_earn": points[position], "would_change": sum(points) - total}
    return _step(outcomes[position])


def _by_priority(rule: Rule) -> tuple[int, tuple[int, str]]:
    return -rule.priority, rule.rank


def _step(judged: Outcome | Miss, points: int = 0) -> Step:
    rule = judged.rule
    matched = isinstance(judged, Outcome) and judged.matched
    return Step(rule.id, rule.name, rule.wallet, matched, points, judged.code, judged.params, rule.is_shadow)
