"""What the rows of a file earn: the same algebra as at the till, remembered for rows that are alike."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from loyalty.lib import clock
from loyalty.programs.queries.configuration import Configuration
from loyalty.programs.rules.explanation import Evaluation
from loyalty.programs.rules.occurrence import PURCHASE, Line
from loyalty.programs.services.import_rows import Row
from loyalty.programs.services.judging import Grant, evaluate, grant_of
from loyalty.programs.services.storing import awards_json

REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one row earns, as JSON texts: the explanation, the awards as stored, the grants for the ledger."""

    points: int
    steps: str
    awards: str
    grants: str


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
        self._evaluations: dict[tuple, tuple[Evaluation, str]] = {}
        self._grant = lru_cache(REMEMBERED)(self._dated)

    def outcome(self, row: Row, *, is_first: bool, member: Mapping[str, Any]) -> Outcome:
        """What `row` earns. Raises TooManyPoints."""
        evaluation, steps = self._evaluation(row, is_first, member)
        if not evaluation.awards:
            return Outcome(0, steps, "[]", "[]")
        # Only waiting times look at the hour; everything else goes by the business day.
        moment = row.at if self._has_delays else clock.noon_of(row.day, self._configuration.program.time_zone)
        grants = {
            int(award.wallet): self._grant(int(award.wallet), award.points, moment) for award in evaluation.awards
        }
        return Outcome(
            sum(grant.points for grant in grants.values()),
            steps,
            awards_json([grant.award(self._code_of(wallet)) for wallet, grant in grants.items()]),
            grants_json(grants),
        )

    def _evaluation(self, row: Row, is_first: bool, member: Mapping[str, Any]) -> tuple[Evaluation, str]:
        key = (
            row.amount,
            is_first,
            json.dumps(member) if member else "",
            *(look(row) for look in self._looks),
        )
        found = self._evaluations.get(key)
        if found is None:
            if len(self._evaluations) >= REMEMBERED:
                self._evaluations.clear()
            found = self._evaluations[key] = self._evaluate(row, is_first, member)
        return found

    def _evaluate(self, row: Row, is_first: bool, member: Mapping[str, Any]) -> tuple[Evaluation, str]:
        line = Line(row.amount, row.quantity, sku=row.sku, category=row.category)
        evaluation = evaluate(
            self._configuration, PURCHASE, row.at, lines=(line,), channel=row.channel, store=row.store, attributes={},
            is_first=is_first, member=member,
        )  # fmt: skip
        return evaluation, json.dumps(evaluation.to_json())

    def _dated(self, wallet_id: int, points: int, at: datetime) -> Grant:
        return grant_of(self._configuration, self._configuration.wallets[wallet_id], points, at, self._now)

    def _code_of(self, wallet_id: int) -> str:
        return self._configuration.wallets[wallet_id].wallet.code


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


def grants_json(grants: Mapping[int, Grant]) -> str:
    """[[wallet id, points, expires_at, is_pending, activates_at, cancel_at], …]"""
    return json.dumps(
        [
            [
                wallet,
                grant.points,
                _text(grant.expires_at),
                grant.is_pending,
                _text(grant.activates_at),
                _text(grant.cancel_at),
            ]
            for wallet, grant in grants.items()
        ]
    )


def grants_from_json(text: str) -> list[tuple[int, Grant]]:
    """The grants that `grants_json` wrote."""
    return [
        (wallet, Grant(points, _instant(expires), is_pending, _instant(activates), _instant(cancels)))
        for wallet, points, expires, is_pending, activates, cancels in json.loads(text)
    ]


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@lru_cache(REMEMBERED)
def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
