"""A purse: one account in a test, with its verbs in short and its state as plain tuples."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.balances import Balance, balances_of
from loyalty.ledger.queries.proof import findings
from loyalty.ledger.rules import Posted, Swept
from tests.factories import WalletFactory

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_keys = count(1)


def day(number: float) -> datetime:
    """NOON, so many days later."""
    return NOON + timedelta(days=number)


def new_key() -> str:
    return f"key:{next(_keys)}"


@dataclass
class Purse:
    wallet: Any = field(default_factory=WalletFactory)
    subject: uuid.UUID = field(default_factory=uuid.uuid4)
    id: int = 0

    def __post_init__(self) -> None:
        self.id = ledger.open_account(wallet_id=self.wallet.pk, subject=self.subject)

    def _do(self, verb: str, facts: dict[str, Any], **defaults: Any) -> Posted:
        return getattr(ledger, verb)(self.id, **({"at": NOON, "actor": "test", "key": new_key()} | defaults | facts))

    def award(self, points: int, **facts: Any) -> Posted:
        return self._do("award", facts, points=points)

    def spend(self, points: int, **facts: Any) -> Posted:
        return self._do("spend", facts, points=points)

    def hold(self, points: int, **facts: Any) -> Posted:
        return self._do("hold", facts, points=points, until=day(7))

    def capture(self, hold_key: str, **facts: Any) -> Posted:
        return self._do("capture", facts, hold_key=hold_key)

    def release(self, hold_key: str, **facts: Any) -> Posted:
        return self._do("release", facts, hold_key=hold_key)

    def activate(self, award_key: str, **facts: Any) -> Posted:
        return self._do("activate", facts, award_key=award_key)

    def reverse(self, posting_key: str, **facts: Any) -> Posted:
        return self._do("reverse", facts, posting_key=posting_key, reason="returned")

    def reinstate(self, lot_id: int, **facts: Any) -> Posted:
        return self._do("reinstate", facts, lot_id=lot_id, expires_at=None)

    def extend(self, until: datetime, **facts: Any) -> Swept:
        return ledger.extend(self.id, **({"until": until, "at": NOON, "actor": "test", "key": new_key()} | facts))

    def give(self, other: "Purse", points: int, **facts: Any) -> Posted:
        return ledger.transfer(
            self.id, other.id, **({"points": points, "at": NOON, "actor": "test", "key": new_key()} | facts)
        )

    def expire(self, at: datetime) -> Swept:
        return ledger.expire_due(wallet_ids=[self.wallet.pk], at=at, actor="job:expire_points")

    def balance(self, at: datetime = NOON) -> Balance:
        return balances_of(self.subject, at)[self.wallet.pk]

    def state(self, at: datetime = NOON) -> tuple[int, int, int, int]:
        """Active, pending, held, debt."""
        balance = self.balance(at)
        return balance.active, balance.pending, balance.held, balance.debt

    def lots(self) -> list[int]:
        """What is left of each lot, in the order in which they came."""
        return [left for (left,) in rows("SELECT remaining FROM ledger_lot WHERE account_id = %s ORDER BY id", self.id)]

    def uses(self, posting_id: int) -> list[int]:
        return [
            points
            for (points,) in rows(
                "SELECT points FROM ledger_lot_use WHERE account_id = %s AND posting_id = %s ORDER BY seq",
                self.id,
                posting_id,
            )
        ]

    def postings(self) -> list[tuple[str, int, int]]:
        """Kind, points and balance after of every posting in the active bucket."""
        return rows(
            "SELECT kind, points, balance_after FROM ledger_posting WHERE account_id = %s AND bucket = 0 ORDER BY id",
            self.id,
        )


def rows(statement: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def violations() -> dict[str, Sequence[Any]]:
    """What check_ledger would report: the invariants that do not hold, with their rows."""
    return {finding.invariant: finding.rows for finding in findings() if finding.violations}
