"""What the rows of a file earn: the same algebra as at the till, remembered for rows that are alike."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from loyalty.lib import clock
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.explanation import Award
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.services.import_rows import Row
from loyalty.programs.services.judging import Grant, evaluate, grant_of

REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one row earns, as JSON texts: the explanation, the awards as stored, the grants for the ledger."""

    points: int
    steps: str
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
        """As `grant_from_json` reads it."""
        return f"[{self.wallet_id}, {points}, {self.grant_rest}]"


class Judge:
    """Judges the rows of one import under one configuration.

    Two rows are alike when they agree in everything that the live rules look at; a rule that asks for the hour, the
    weekday or its own validity looks at the instant.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._now = clock.now()
        subjects = configuration.subjects
        self.asks_first = "first_purchase" in subjects
        self.asks_member = "member_attribute" in subjects
        self._looks = _what_rules_look_at(configuration)
        self._has_delays = any(terms.activation.is_pending for terms in configuration.wallets.values())
        self._judged: dict[tuple, tuple[tuple[Award, ...], str]] = {}
        self._dates = lru_cache(REMEMBERED)(self._dates_of)

    def outcome(self, row: Row, *, is_first: bool, member: str) -> Outcome:
        """What `row` earns; `member` are the member's attributes as JSON. Raises TooManyPoints."""
        awards, steps = self._awards(row, is_first, member)
        if not awards:
            return Outcome(0, steps, "[]", "[]")
        # Only waiting times look at the hour; everything else goes by the business day.
        moment = row.at if self._has_delays else row.day
        dated = [(award, self._dates(int(award.wallet), moment)) for award in awards]
        return Outcome(
            sum(award.points for award in awards),
            steps,
            f"[{', '.join([dates.award(award.points) for award, dates in dated])}]",
            f"[{', '.join([dates.grant(award.points) for award, dates in dated])}]",
        )

    def _awards(self, row: Row, is_first: bool, member: str) -> tuple[tuple[Award, ...], str]:
        key = (row.amount, is_first, member, *[look(row) for look in self._looks])
        found = self._judged.get(key)
        if found is None:
            if len(self._judged) >= REMEMBERED:
                self._judged.clear()
            found = self._judged[key] = self._judge(row, is_first, member)
        return found

    def _judge(self, row: Row, is_first: bool, member: str) -> tuple[tuple[Award, ...], str]:
        line = Line(row.amount, row.quantity, sku=row.sku, category=row.category)
        evaluation = evaluate(
            self._configuration, PURCHASE, row.at, lines=(line,), channel=row.channel, store=row.store, attributes={},
            is_first=is_first, member=json.loads(member),
        )  # fmt: skip
        return evaluation.awards, json.dumps(evaluation.to_json())

    def _dates_of(self, wallet_id: int, moment: datetime | date) -> Dated:
        at = moment if isinstance(moment, datetime) else clock.noon_of(moment, self._configuration.program.time_zone)
        terms = self._configuration.wallets[wallet_id]
        grant = grant_of(self._configuration, terms, 0, at, self._now)
        award = grant.award(terms.wallet.code)
        told = {"state": award.state, "activates_at": _text(award.activates_at), "expires_at": _text(award.expires_at)}
        kept = [_text(grant.expires_at), grant.is_pending, _text(grant.activates_at), _text(grant.cancel_at)]
        return Dated(wallet_id, terms.wallet.code, json.dumps(told)[1:-1], json.dumps(kept)[1:-1])


def _what_rules_look_at(configuration: Configuration) -> list[Callable[[Row], Any]]:
    """The facts of a row, beside its amount, on which the evaluation can depend."""
    subjects = configuration.subjects
    looks: list[Callable[[Row], Any]] = []
    if any(rule.effect == "fixed_per_unit" for rule in configuration.rules):
        looks.append(lambda row: row.quantity)
    if any(rule.claims or rule.selectors for rule in configuration.rules):  # its explanation names the products
        looks.append(lambda row: (row.sku, row.category))
    if "channel" in subjects:
        looks.append(lambda row: row.channel)
    if "store" in subjects:
        looks.append(lambda row: row.store)
    if subjects & {"weekday", "time_of_day"} or any(rule.starts_at or rule.ends_at for rule in configuration.rules):
        looks.append(lambda row: row.at)
    return looks


def grant_from_json(text: str) -> tuple[int, Grant]:
    """The wallet's id and the grant, from [wallet id, points, expires_at, is_pending, activates_at, cancel_at]."""
    wallet_id, points, expires, is_pending, activates, cancels = json.loads(text)
    return wallet_id, Grant(points, _instant(expires), is_pending, _instant(activates), _instant(cancels))


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@lru_cache(REMEMBERED)
def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
