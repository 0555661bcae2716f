"""Points by their dates, and points set aside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from loyalty.ledger.queries.rows import rows_of
from loyalty.ledger.rules import OWN_KINDS


@dataclass(frozen=True, slots=True)
class LotState:
    """Points of one award. `state` is active, pending, past (its instant; the sweep will close it) or used up.

    `kind`, `source` and `note` are those of the posting that granted it.
    """

    id: int
    account_id: int
    wallet_id: int
    posting_id: int
    granted: int
    remaining: int
    earned_at: datetime
    expires_at: datetime | None
    activates_at: datetime | None
    cancel_at: datetime | None
    state: str
    kind: str
    source: str
    note: str


LOTS = """
    SELECT l.id, l.account_id, a.wallet_id, l.posting_id, l.granted, l.remaining, l.earned_at, l.expires_at,
           l.activates_at, l.cancel_at,
           CASE WHEN NOT l.is_open THEN 'used' WHEN l.is_pending THEN 'pending' WHEN l.expires_at <= %s THEN 'past'
                ELSE 'active' END,
           p.kind, p.source, p.note
    FROM ledger_account a JOIN ledger_lot l ON l.account_id = a.id
    JOIN ledger_posting p ON p.account_id = l.account_id AND p.id = l.posting_id
    WHERE a.subject = %s AND (l.is_open OR %s) ORDER BY l.is_pending, l.expires_at, l.id
"""


def lots_of(subject: UUID, at: datetime, *, with_used: bool = False) -> list[LotState]:
    """A member's lots in the order in which they are spent, pending ones last; used-up ones only where asked for."""
    return [LotState(*row) for row in rows_of(LOTS, at, subject, with_used)]


SPENT = """
    SELECT coalesce(sum(u.points), 0)::bigint
    FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id AND p.kind = 'award' AND p.source = %s
    JOIN ledger_lot_use u ON u.account_id = p.account_id AND u.lot_id = p.id
    JOIN ledger_posting d ON d.account_id = u.account_id AND d.id = u.posting_id
    WHERE a.subject = %s AND (u.points < 0 OR d.points < 0 AND (d.kind = 'capture' OR NOT d.kind = ANY (%s)))
"""


def spent_of(subject: UUID, source: str) -> int:
    """How many of the points that a source brought were spent since (and not given back), in all wallets together."""
    ((points,),) = rows_of(SPENT, source, subject, list(OWN_KINDS))
    return points


@dataclass(frozen=True, slots=True)
class Held:
    """An open hold: `points` are still set aside, at the latest until `until`."""

    id: int
    account_id: int
    wallet_id: int
    key: str
    points: int
    until: datetime
    source: str
    note: str


HOLDS = """
    SELECT h.id, h.account_id, a.wallet_id, p.key, h.points - h.captured - h.released, h.expires_at, p.source, p.note
    FROM ledger_account a JOIN ledger_hold h ON h.account_id = a.id
    JOIN ledger_posting p ON p.account_id = h.account_id AND p.id = h.id
    WHERE a.subject = %s AND h.resolved_at IS NULL ORDER BY h.expires_at, h.id
"""


def holds_of(subject: UUID) -> list[Held]:
    """A member's open holds, those that end first first."""
    return [Held(*row) for row in rows_of(HOLDS, subject)]


@dataclass(frozen=True, slots=True)
class SameEnd:
    """Open lots of a wallet that were earned on one day and end at one instant (None: never)."""

    earned_on: date
    expires_at: datetime | None
    lots: int
    points: int


SAME_ENDS = """
    SELECT (l.earned_at AT TIME ZONE %s)::date, l.expires_at, count(*), sum(l.remaining)::bigint
    FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
    WHERE a.wallet_id = %s AND l.is_open AND (l.expires_at > %s OR l.expires_at IS NULL)
      AND (%s::bigint[] IS NULL OR a.id = ANY (%s::bigint[])) GROUP BY 1, 2 ORDER BY 1, 2
"""
HOLDERS = """
    SELECT count(DISTINCT l.account_id)
    FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id
    JOIN unnest(%s::date[], %s::timestamptz[]) AS d (day, was)
      ON d.day = (l.earned_at AT TIME ZONE %s)::date AND d.was IS NOT DISTINCT FROM l.expires_at
    WHERE a.wallet_id = %s AND l.is_open
"""


def same_ends(wallet_id: int, *, zone: str, at: datetime, accounts: Collection[int] | None = None) -> list[SameEnd]:
    """What `redate` may move: the open lots not yet past `at`, by the day (in `zone`) of earning and their end.

    Of all accounts in the wallet, or of these.
    """
    only = None if accounts is None else list(accounts)
    return [SameEnd(*row) for row in rows_of(SAME_ENDS, zone, wallet_id, at, only, only)]


def holders_of(wallet_id: int, groups: Iterable[SameEnd], *, zone: str) -> int:
    """How many accounts hold lots of these groups."""
    pairs = [(group.earned_on, group.expires_at) for group in groups]
    ((count,),) = rows_of(HOLDERS, [day for day, _was in pairs], [was for _day, was in pairs], zone, wallet_id)
    return count


@dataclass(frozen=True, slots=True)
class ExpiredLot:
    """A lot out of which `points` expired at `expired_at` that `reinstate` would bring back."""

    id: int
    account_id: int
    wallet_id: int
    points: int
    earned_at: datetime
    expired_at: datetime


EXPIRED = """
    SELECT l.id, l.account_id, a.wallet_id, l.earned_at, l.expires_at,
           (coalesce(p.expired, 0) - coalesce(p.waived, 0)
            + CASE WHEN l.is_open AND NOT l.is_pending THEN l.remaining ELSE 0 END)::bigint AS points
    FROM ledger_account a JOIN ledger_lot l ON l.account_id = a.id
    LEFT JOIN LATERAL (
        SELECT -sum(p.points) FILTER (WHERE p.kind IN ('expire', 'reinstate')) AS expired, sum(p.waived) AS waived
        FROM ledger_posting p WHERE p.account_id = l.account_id AND p.refers_to = l.id
    ) p ON true
    WHERE a.subject = %s AND l.expires_at > %s AND l.expires_at <= %s ORDER BY l.expires_at, l.id
"""


def expired_lots(subject: UUID, *, since: datetime, at: datetime) -> list[ExpiredLot]:
    """What expired in (since, at] and has not come back; nothing of what was waived when goods came back."""
    rows = rows_of(EXPIRED, subject, since, at)
    return [
        ExpiredLot(lot, account, wallet, points, earned, expired)
        for lot, account, wallet, earned, expired, points in rows
        if points > 0
    ]


EXPIRED_WITHIN = """
    SELECT count(DISTINCT p.account_id), coalesce(-sum(p.points), 0)::bigint
    FROM ledger_lot l JOIN ledger_account a ON a.id = l.account_id AND a.holder = 'member'
    JOIN ledger_posting p ON p.account_id = l.account_id AND p.refers_to = l.id AND p.kind = 'expire'
    WHERE a.wallet_id = %s AND l.expires_at > %s AND l.expires_at <= %s AND NOT l.is_open
"""


def expired_within(wallet_id: int, *, since: datetime, at: datetime) -> tuple[int, int]:
    """How many members lost points of a wallet to expiry in (since, at], and how many points."""
    ((members, points),) = rows_of(EXPIRED_WITHIN, wallet_id, since, at)
    return members, points


ENDING_ACCOUNTS = """
    SELECT a.id, sum(l.remaining)::bigint FROM ledger_account a
    JOIN ledger_lot l ON l.account_id = a.id AND l.is_open AND l.expires_at > %s
    WHERE a.wallet_id = %s AND a.subject = ANY (%s) GROUP BY a.id ORDER BY a.id
"""


def ending_accounts(wallet_id: int, subjects: Iterable[UUID], at: datetime) -> dict[int, int]:
    """The accounts of these subjects that hold points which end after `at`, and how many."""
    return dict(rows_of(ENDING_ACCOUNTS, at, wallet_id, list(subjects)))
