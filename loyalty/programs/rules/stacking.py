"""How the rules that match meet in one wallet: exclusion, claims, competition, multipliers (see the package's
docstring)."""

from collections.abc import Sequence

from loyalty.programs.rules.basis import Basket
from loyalty.programs.rules.earning import Rule
from loyalty.programs.rules.exact import Exact
from loyalty.programs.rules.matching import Candidate
from loyalty.programs.rules.multiplying import may_join, multiply, outranked
from loyalty.programs.rules.outcome import Outcome, earn


def settle(candidates: Sequence[Candidate], basket: Basket) -> list[Outcome]:
    """Every candidate's outcome, in the order in which they take their turn. Needs the EXACT decimal context.

    The candidates come by priority, then by id.
    """
    excluding: list[Candidate] = []
    claiming: list[Candidate] = []
    broad: list[Candidate] = []
    multipliers: list[Candidate] = []
    for candidate in candidates:
        rule = candidate.rule
        if rule.effect == "multiplier":
            multipliers.append(candidate)
        else:
            (excluding if rule.excludes else claiming if rule.claims else broad).append(candidate)
    taken = Taken()
    outcomes = [_exclude(candidate, taken, basket) for candidate in excluding]
    outcomes += _compete_for_lines(claiming, taken, basket)
    outcomes += _compete_for_basket(broad, taken, basket)
    return outcomes + multiply(multipliers, outcomes, basket) if multipliers else outcomes


class Taken:
    """Which lines are no longer free, and by which rule they were taken first."""

    __slots__ = ("claimed", "excluded")

    def __init__(self) -> None:
        self.excluded: dict[int, Rule] = {}
        self.claimed: dict[int, Rule] = {}

    def not_excluded(self, lines: tuple[int, ...]) -> tuple[int, ...]:
        return tuple([line for line in lines if line not in self.excluded]) if self.excluded else lines

    def unclaimed(self, lines: tuple[int, ...]) -> tuple[int, ...]:
        """Those that neither an exclusion nor a claim took."""
        lines = self.not_excluded(lines)
        return tuple([line for line in lines if line not in self.claimed]) if self.claimed else lines

    def joinable(self, rule: Rule, lines: tuple[int, ...]) -> tuple[int, ...]:
        """Those that `rule`, itself on lines, may claim, alone or beside the rules already there."""
        return tuple([line for line in self.not_excluded(lines) if may_join(rule, self.claimed.get(line))])

    def refusal(self, rule: Rule, lines: tuple[int, ...]) -> Outcome:
        """Why none of `lines` is left for `rule`."""
        claimed = [line for line in lines if line in self.claimed]
        first = self.claimed[claimed[0]] if claimed else self.excluded[lines[0]]
        refusal = outranked(rule, first)
        if not claimed:
            refusal.code = "lines-excluded"
        elif not rule.claims:
            refusal.code = "lines-claimed"
        return refusal


def _exclude(candidate: Candidate, taken: Taken, basket: Basket) -> Outcome:
    for line in candidate.lines:
        taken.excluded.setdefault(line, candidate.rule)
    params = {"amount": f"{basket.sum(candidate.lines, candidate.rule.with_tax):f}"} | basket.labels(candidate.lines)
    return Outcome(candidate.rule, "excluded", params, matched=True)


def _compete_for_lines(candidates: Sequence[Candidate], taken: Taken, basket: Basket) -> list[Outcome]:
    outcomes = []
    lines_of = {candidate.rule.id: candidate.lines for candidate in candidates}
    hopes = [earn(each.rule, taken.not_excluded(each.lines), basket) for each in candidates]
    for hope in _in_turn(hopes):
        lines = lines_of[hope.rule.id]
        free = taken.joinable(hope.rule, lines)
        if not free:
            outcomes.append(taken.refusal(hope.rule, lines))
            continue
        outcome = hope if free == hope.lines else earn(hope.rule, free, basket)
        outcomes.append(outcome)
        if outcome.matched:
            for line in free:
                taken.claimed.setdefault(line, outcome.rule)
    return outcomes


def _compete_for_basket(candidates: Sequence[Candidate], taken: Taken, basket: Basket) -> list[Outcome]:
    outcomes = []
    first: Rule | None = None
    for outcome in _in_turn([_earn_on_rest(candidate, taken, basket) for candidate in candidates]):
        if outcome.matched and first is not None and not may_join(outcome.rule, first):
            outcome = outranked(outcome.rule, first)
        elif outcome.matched and first is None:
            first = outcome.rule
        outcomes.append(outcome)
    return outcomes


def _earn_on_rest(candidate: Candidate, taken: Taken, basket: Basket) -> Outcome:
    """A fixed bonus belongs to the activity: it needs something that is not excluded, but not something
    unclaimed."""
    rule = candidate.rule
    rest = (taken.not_excluded if rule.effect == "fixed" else taken.unclaimed)(candidate.lines)
    return earn(rule, rest, basket) if rest or not candidate.lines else taken.refusal(rule, candidate.lines)


def _in_turn(outcomes: list[Outcome]) -> list[Outcome]:
    """Highest priority first; at the same priority the rule worth most; then the lowest id.

    They come by priority and id: where all add up, the turn decides nothing.
    """
    if all(outcome.rule.stackable for outcome in outcomes):
        return outcomes
    return sorted(outcomes, key=_turn)


def _turn(outcome: Outcome) -> tuple[int, Exact, tuple[int, str]]:
    return -outcome.rule.priority, -outcome.exact, outcome.rule.rank
