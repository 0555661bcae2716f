"""What the rows of a file earn: the same algebra as at the till, remembered for rows that are alike."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from loyalty.lib import clock
from loyalty.lib.json_text import json_text
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.explanation import Award
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.services.import_rows import Row
from loyalty.programs.services.judging import evaluate, grant_of

REMEMBERED = 50_000


class Outcome(NamedTuple):
    """What one row earns: which explanation, and as JSON texts the awards as stored and the grants for the ledger."""

    points: int
    explanation: int
    awards: str
    grants: str


@dataclass(frozen=True, slots=True)
class Dated:
    """The dates of points earned in a wallet on a day, as the JSON texts end with them: only the points are missing."""

    wallet_id: int
    code: str
    award_rest: str
    grant_rest: str

    def award(self, points: int) -> str:
        """As `storing.awards_json` writes one award."""
        return f'{{"wallet": "{self.code}", "points": {points}, {self.award_rest}}}'

    def grant(self, points: int) -> str:
        """As the posting reads it: [wallet, points, expires_at, is_pending, activates_at, cancel_at]."""
        return f"[{self.wallet_id}, {points}, {self.grant_rest}]"


class Judge:
    """Judges the rows of one import under one configuration.

    Two rows are alike when they agree in everything that the live rules look at. Explanations are numbered, and told
    once each: `new_explanations` are those that came up since it was last asked.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._now = clock.now()
        subjects = configuration.subjects
        self.asks_first = "first_purchase" in subjects
        self.asks_member = "member_attribute" in subjects
        self._looks = _what_rules_look_at(configuration)
        self._has_delays = any(terms.activation.is_pending for terms in configuration.wallets.values())
        self._judged: dict[tuple, tuple[tuple[Award, ...], int]] = {}
        self._explanations = count(1)
        self._new: list[tuple[int, str]] = []
        self._dates = lru_cache(REMEMBERED)(self._dates_of)

    def outcome(self, row: Row, *, is_first: bool, member: str) -> Outcome:
        """What `row` earns; `member` are the member's attributes as JSON. Raises TooManyPoints."""
        awards, explanation = self._awards(row, is_first, member)
        if not awards:
            return Outcome(0, explanation, "[]", "[]")
        # Only waiting times look at the hour; everything else goes by the business day.
        moment = row.at if self._has_delays else row.day
        dated = [(award, self._dates(int(award.wallet), moment)) for award in awards]
        return Outcome(
            sum([award.points for award in awards]),
            explanation,
            f"[{', '.join([dates.award(award.points) for award, dates in dated])}]",
            f"[{', '.join([dates.grant(award.points) for award, dates in dated])}]",
        )

    def new_explanations(self) -> list[tuple[int, str]]:
        """Number and JSON of each."""
        told, self._new = self._new, []
        return told

    def _awards(self, row: Row, is_first: bool, member: str) -> tuple[tuple[Award, ...], int]:
        key = (row.amount, is_first, member, *[look(row) for look in self._looks])
        found = self._judged.get(key)
        if found is None:
            if len(self._judged) >= REMEMBERED:
                self._judged.clear()
            found = self._judged[key] = self._judge(row, is_first, member)
        return found

    def _judge(self, row: Row, is_first: bool, member: str) -> tuple[tuple[Award, ...], int]:
        line = Line(row.amount, row.quantity, sku=row.sku, category=row.category)
        evaluation = evaluate(
            self._configuration, PURCHASE, row.at, lines=(line,), channel=row.channel, store=row.store, attributes={},
            is_first=is_first, member=json.loads(member),
        )  # fmt: skip
        number = next(self._explanations)
        self._new.append((number, json_text(evaluation.to_json())))
        return evaluation.awards, number

    def _dates_of(self, wallet_id: int, moment: datetime | date) -> Dated:
        at = moment if isinstance(moment, datetime) else clock.noon_of(moment, self._configuration.program.time_zone)
        terms = self._configuration.wallets[wallet_id]
        grant = grant_of(self._configuration, terms, 0, at, self._now)
        award = grant.award(terms.wallet.code)
        told = {"state": award.state, "activates_at": _text(award.activates_at), "expires_at": _text(award.expires_at)}
        kept = [_text(grant.expires_at), grant.is_pending, _text(grant.activates_at), _text(grant.cancel_at)]
        return Dated(wallet_id, terms.wallet.code, json.dumps(told)[1:-1], json.dumps(kept)[1:-1])


def _what_rules_look_at(configuration: Configuration) -> list[Callable[[Row], Any]]:
    """What of a row, beside its amount, the evaluation can depend on: facts, or what conditions say to them."""
    rules = configuration.rules
    gates = [condition for rule in rules for condition in rule.all_gates]
    looks: list[Callable[[Row], Any]] = []
    if any(rule.effect == "fixed_per_unit" for rule in rules):
        looks.append(lambda row: row.quantity)
    if any(rule.claims or rule.selectors for rule in rules):  # its explanation names the products
        looks.append(lambda row: (row.sku, row.category))
    if channels := [gate.holds for gate in gates if gate.subject == "channel"]:
        looks.append(_verdicts(channels, lambda row: row.channel))
    if stores := [gate.holds for gate in gates if gate.subject == "store"]:
        looks.append(_verdicts(stores, lambda row: row.store))
    ends = {instant for rule in rules for instant in rule.instants}
    if ends or any(gate.subject in ("weekday", "time_of_day") for gate in gates):
        looks.append(_moments(configuration, ends))
    return looks


def _verdicts(tests: Sequence[Callable[[Any], bool]], fact: Callable[[Row], str]) -> Callable[[Row], Any]:
    """What every condition says to one fact of a row, remembered by the fact."""
    asked = lru_cache(REMEMBERED)(lambda value: tuple([test(value) for test in tests]))
    return lambda row: asked(fact(row))


def _moments(configuration: Configuration, ends: set[datetime]) -> Callable[[Row], Any]:
    """The weekday, what conditions on the hour say (a night's end among them), and which validities have begun."""
    zone = ZoneInfo(configuration.program.time_zone)
    hours = [gate for rule in configuration.rules for gate in rule.gates if gate.subject == "time_of_day"]
    nights = sorted({end for rule in configuration.rules for end in rule.night_ends})

    @lru_cache(REMEMBERED)
    def asked(at: datetime) -> tuple:
        local = at.astimezone(zone)
        hour = local.time()
        passed = [at >= instant for instant in ends]
        return (local.weekday(), *[gate.holds(hour) for gate in hours], *[hour < end for end in nights], *passed)

    return lambda row: asked(row.at)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
