"""What members hold."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.ledger.queries.rows import rows_of
from loyalty.lib import prepared


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that expire together at an instant."""

    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account holds. `active` can be spent now, `held` is set aside, `debt` is owed; none is negative.

    `expiring` lists the active points that have an end, soonest first. `earned_total` counts points ever issued,
    pending ones included, less those taken back.
    """

    account_id: int
    wallet_id: int
    active: int
    pending: int
    held: int
    debt: int
    earned_total: int
    expiring: tuple[Expiring, ...]


BALANCES = "SELECT * FROM ledger_balances(%s)"
BALANCES_OF_MANY = """
    SELECT a.subject, a.id, a.wallet_id, a.balance, a.pending, a.held, a.earned_total, l.expires_at,
           sum(l.remaining)::bigint
    FROM ledger_account a
    LEFT JOIN ledger_lot l ON l.account_id = a.id AND l.is_open AND NOT l.is_pending AND l.expires_at IS NOT NULL
    WHERE a.subject = ANY (%s)
    GROUP BY a.id, l.expires_at
    ORDER BY a.id, l.expires_at
"""


def balances_of(subject: UUID, at: datetime) -> dict[int, Balance]:
    """The member's balances by wallet id, for every wallet in which they have an account."""
    return _balances(prepared.rows_of(BALANCES, subject), at).get(subject, {})


def balances_of_many(subjects: Iterable[UUID], at: datetime) -> dict[UUID, dict[int, Balance]]:
    """As `balances_of`, for many members in one statement."""
    return _balances(rows_of(BALANCES_OF_MANY, list(subjects)), at)


def subjects_of(account_ids: Collection[int]) -> list[UUID]:
    """Whose accounts these are."""
    found = rows_of("SELECT DISTINCT subject FROM ledger_account WHERE id = ANY (%s)", list(account_ids))
    return [subject for (subject,) in found]


def _balances(rows: Iterable[tuple], at: datetime) -> dict[UUID, dict[int, Balance]]:
    groups: dict[tuple, list[tuple[int, datetime]]] = {}
    for *facts, expires_at, points in rows:
        ends = groups.setdefault(tuple(facts), [])
        if expires_at is not None:
            ends.append((points, expires_at))
    balances: dict[UUID, dict[int, Balance]] = {}
    for account, ends in groups.items():
        balance = _balance(account, ends, at)
        balances.setdefault(account[0], {})[balance.wallet_id] = balance
    return balances


def _balance(account: tuple, ends: list[tuple[int, datetime]], at: datetime) -> Balance:
    _subject, account_id, wallet_id, balance, pending, held, earned_total = account
    past = sum(points for points, end in ends if end <= at)
    expiring = tuple(Expiring(points, end) for points, end in ends if end > at)
    active, debt = max(balance - past, 0), max(-balance, 0)
    return Balance(account_id, wallet_id, active, pending, held, debt, earned_total, expiring)
