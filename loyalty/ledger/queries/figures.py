"""Wallets as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.ledger.queries.rows import rows_of


@dataclass(frozen=True, slots=True)
class Liability:
    """What all accounts of a wallet hold. `active` leaves out lots past the instant asked for; `debt` is owed to us."""

    wallet_id: int
    active: int
    pending: int
    held: int
    debt: int
    accounts: int


LIABILITY = """
    SELECT a.wallet_id, (sum(greatest(a.balance, 0)) - coalesce(max(l.past), 0))::bigint, sum(a.pending)::bigint,
           sum(a.held)::bigint, sum(greatest(-a.balance, 0))::bigint, count(*)
    FROM ledger_account a
    LEFT JOIN (
        SELECT o.wallet_id, sum(l.remaining) AS past FROM ledger_lot l JOIN ledger_account o ON o.id = l.account_id
        WHERE l.is_open AND NOT l.is_pending AND l.expires_at <= %s GROUP BY o.wallet_id
    ) l ON l.wallet_id = a.wallet_id
    WHERE a.wallet_id = ANY (%s) GROUP BY a.wallet_id
"""


def liability_of(wallet_ids: Iterable[int], at: datetime) -> dict[int, Liability]:
    """What is outstanding at `at`, by wallet id; wallets without accounts are left out."""
    return {row[0]: Liability(*row) for row in rows_of(LIABILITY, at, list(wallet_ids))}


EXPIRING = """
    SELECT a.wallet_id, sum(l.remaining)::bigint FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
    WHERE l.is_open AND NOT l.is_pending AND l.expires_at <= %s AND a.wallet_id = ANY (%s) GROUP BY a.wallet_id
"""


def expiring_by(wallet_ids: Iterable[int], at: datetime) -> dict[int, int]:
    """The points, by wallet id, that a sweep as of `at` (past or future) would expire, as things stand."""
    return dict(rows_of(EXPIRING, at, list(wallet_ids)))


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
    ((last, is_used),) = rows_of("SELECT last_value, is_called FROM ledger_id")
    return last if is_used else 0


def movements(zones: Mapping[int, str], *, after: int, upto: int) -> list[Movement]:
    """What members' points did in the postings with ids in (after, upto], summed. `zones`: time zone by wallet id."""
    return [Movement(*row) for row in rows_of(MOVEMENTS, list(zones), list(zones.values()), after, upto)]


def ending(wallet_ids: Iterable[int], *, at: datetime, ends: tuple[datetime, datetime, datetime]) -> dict[int, tuple]:
    """Active points by wallet id that expire after `at` and by each of three instants, the last one the latest."""
    rows = rows_of(ENDING, ends[0], ends[1], at, ends[2], list(wallet_ids))
    return {wallet_id: tuple(points or 0 for points in sums) for wallet_id, *sums in rows}


def debts(wallet_ids: Iterable[int]) -> dict[int, int]:
    """What members owe, by wallet id; wallets in which nobody owes are left out."""
    return dict(rows_of(DEBTS, list(wallet_ids)))


HOLDERS = """
    SELECT count(*), coalesce(sum(balance), 0)::bigint, coalesce(sum(balance / %s), 0)::bigint FROM ledger_account
    WHERE wallet_id = %s AND holder = 'member' AND balance >= %s
"""


def holders_with(wallet_id: int, at_least: int, step: int = 1) -> tuple[int, int, int]:
    """How many members have at least so many active points, how many those are, and how many whole steps."""
    ((count, points, steps),) = rows_of(HOLDERS, step, wallet_id, at_least)
    return count, points, steps
