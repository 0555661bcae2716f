"""Which accounts a sweep has to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.ledger.queries.rows import rows_of


def accounts_expiring(wallet_ids: Iterable[int], at: datetime) -> list[int]:
    """Accounts, in order, that hold a lot whose instant is `at` or before."""
    return _accounts(
        "SELECT account_id FROM ledger_lot WHERE is_open AND NOT is_pending AND expires_at <= %s", at, wallet_ids
    )


def accounts_activating(wallet_ids: Iterable[int], at: datetime) -> list[int]:
    """Accounts, in order, with pending points that become active at `at` or before."""
    return _accounts(
        "SELECT account_id FROM ledger_lot WHERE is_open AND is_pending AND activates_at <= %s", at, wallet_ids
    )


def accounts_cancelling(wallet_ids: Iterable[int], at: datetime) -> list[int]:
    """Accounts, in order, with pending points to be cancelled at `at` or before."""
    return _accounts(
        "SELECT account_id FROM ledger_lot WHERE is_open AND is_pending AND cancel_at <= %s", at, wallet_ids
    )


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """A lot to be cancelled, with its points; `source` is that of the award that brought it, empty where none did."""

    account_id: int
    lot_id: int
    wallet_id: int
    subject: UUID
    source: str
    points: int


UNCONFIRMED = """
    SELECT l.account_id, l.id, a.wallet_id, a.subject, CASE p.kind WHEN 'award' THEN p.source ELSE '' END,
           l.remaining
    FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
    JOIN ledger_posting p ON p.account_id = l.account_id AND p.id = l.posting_id
    WHERE l.account_id = ANY (%s) AND l.is_open AND l.is_pending AND l.cancel_at <= %s
      AND (l.activates_at IS NULL OR l.cancel_at < l.activates_at)
    ORDER BY l.account_id, l.id
"""


def unconfirmed_in(account_ids: Iterable[int], at: datetime) -> list[Unconfirmed]:
    """What `cancel_due` would cancel in these accounts now."""
    return [Unconfirmed(*row) for row in rows_of(UNCONFIRMED, list(account_ids), at)]


def accounts_holding_too_long(wallet_ids: Iterable[int], at: datetime) -> list[int]:
    """Accounts, in order, with a hold that ended at `at` or before and was not settled."""
    return _accounts(
        "SELECT account_id FROM ledger_hold WHERE resolved_at IS NULL AND expires_at <= %s", at, wallet_ids
    )


def accounts_with_lots(wallet_id: int) -> list[int]:
    """Accounts, in order, of a wallet that hold points, active or pending."""
    rows = rows_of(
        "SELECT id FROM ledger_account WHERE wallet_id = %s AND (balance > 0 OR pending > 0) ORDER BY id", wallet_id
    )
    return [account_id for (account_id,) in rows]


def _accounts(due: str, at: datetime, wallet_ids: Iterable[int]) -> list[int]:
    statement = f"""
        SELECT DISTINCT due.account_id FROM ({due}) due JOIN ledger_account a ON a.id = due.account_id
        WHERE a.wallet_id = ANY (%s) ORDER BY 1
    """  # noqa: S608
    return [account_id for (account_id,) in rows_of(statement, at, list(wallet_ids))]
