"""All reads of the ledger, as plain values: the models stay inside.

Scopes are a subject (a member), an account, or wallets. `at` is the instant (aware) as of which lots count: a lot past
its instant is nobody's any more, whether or not the sweep has closed it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection


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


BALANCES = """
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
    return balances_of_many([subject], at).get(subject, {})


def balances_of_many(subjects: Iterable[UUID], at: datetime) -> dict[UUID, dict[int, Balance]]:
    """As `balances_of`, for many members in one statement."""
    groups: dict[tuple, list[tuple[int, datetime]]] = {}
    for *account, expires_at, points in _rows(BALANCES, list(subjects)):
        ends = groups.setdefault(tuple(account), [])
        if expires_at is not None:
            ends.append((points, expires_at))
    balances: dict[UUID, dict[int, Balance]] = {}
    for (subject, *facts), ends in groups.items():
        balance = _balance(*facts, ends, at)
        balances.setdefault(subject, {})[balance.wallet_id] = balance
    return balances


def _balance(
    account_id: int,
    wallet_id: int,
    balance: int,
    pending: int,
    held: int,
    earned_total: int,
    ends: list[tuple[int, datetime]],
    at: datetime,
) -> Balance:
    past = sum(points for points, end in ends if end <= at)
    expiring = tuple(Expiring(points, end) for points, end in ends if end > at)
    active, debt = max(balance - past, 0), max(-balance, 0)
    return Balance(account_id, wallet_id, active, pending, held, debt, earned_total, expiring)


def _rows(statement: str, *parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


# --- For the sweeps -----------------------------------------------------------------------------------------------


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


def accounts_holding_too_long(wallet_ids: Iterable[int], at: datetime) -> list[int]:
    """Accounts, in order, with a hold that ended at `at` or before and was not settled."""
    return _accounts(
        "SELECT account_id FROM ledger_hold WHERE resolved_at IS NULL AND expires_at <= %s", at, wallet_ids
    )


def accounts_with_lots(wallet_id: int) -> list[int]:
    """Accounts, in order, of a wallet that hold points, active or pending."""
    rows = _rows(
        "SELECT id FROM ledger_account WHERE wallet_id = %s AND (balance > 0 OR pending > 0) ORDER BY id", wallet_id
    )
    return [account_id for (account_id,) in rows]


def _accounts(due: str, at: datetime, wallet_ids: Iterable[int]) -> list[int]:
    statement = f"""
        SELECT DISTINCT due.account_id FROM ({due}) due JOIN ledger_account a ON a.id = due.account_id
        WHERE a.wallet_id = ANY (%s) ORDER BY 1
    """  # noqa: S608
    return [account_id for (account_id,) in _rows(statement, at, list(wallet_ids))]


# --- For the figures of a program ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Movement:
    """Points of one wallet that moved on one day of its program, by bucket, what moved them, and where from or to."""

    wallet_id: int
    day: date
    bucket: int
    kind: str
    contra: str
    points: int
    postings: int


MOVEMENTS = """
    SELECT a.wallet_id, (p.event_at AT TIME ZONE z.zone)::date, p.bucket, p.kind, p.contra, sum(p.points)::bigint,
           count(*)
    FROM ledger_posting p
    JOIN ledger_account a ON a.id = p.account_id AND a.holder = 'member'
    JOIN unnest(%s::bigint[], %s::text[]) AS z (wallet_id, zone) ON z.wallet_id = a.wallet_id
    WHERE p.id > %s AND p.id <= %s
    GROUP BY 1, 2, 3, 4, 5
"""
ENDING = """
    SELECT a.wallet_id, sum(l.remaining) FILTER (WHERE l.expires_at <= %s)::bigint,
           sum(l.remaining) FILTER (WHERE l.expires_at <= %s)::bigint, sum(l.remaining)::bigint
    FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
    WHERE l.is_open AND NOT l.is_pending AND l.expires_at > %s AND l.expires_at <= %s AND a.wallet_id = ANY (%s)
    GROUP BY 1
"""
DEBTS = """
    SELECT wallet_id, sum(-balance)::bigint FROM ledger_account
    WHERE may_owe AND balance < 0 AND wallet_id = ANY (%s) GROUP BY 1
"""


def newest_id() -> int:
    """The id that was given out last to a posting; ids only grow."""
    ((last, is_used),) = _rows("SELECT last_value, is_called FROM ledger_id")
    return last if is_used else 0


def movements(zones: Mapping[int, str], *, after: int, upto: int) -> list[Movement]:
    """What members' points did in the postings with ids in (after, upto], summed. `zones`: time zone by wallet id."""
    return [Movement(*row) for row in _rows(MOVEMENTS, list(zones), list(zones.values()), after, upto)]


def ending(wallet_ids: Iterable[int], *, at: datetime, ends: tuple[datetime, datetime, datetime]) -> dict[int, tuple]:
    """Active points by wallet id that expire after `at` and by each of three instants, the last one the latest."""
    rows = _rows(ENDING, ends[0], ends[1], at, ends[2], list(wallet_ids))
    return {wallet_id: tuple(points or 0 for points in sums) for wallet_id, *sums in rows}


def debts(wallet_ids: Iterable[int]) -> dict[int, int]:
    """What members owe, by wallet id; wallets in which nobody owes are left out."""
    return dict(_rows(DEBTS, list(wallet_ids)))
