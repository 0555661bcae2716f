"""What moved, posting by posting."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger.queries.rows import rows_of
from loyalty.ledger.rules import OWN_KINDS

ALL = 10_000
FLOWS = {
    "earned": "p.bucket = 0 AND p.contra IN ('issued', 'pending')",
    "spent": "p.contra NOT IN ('issued', 'expired', 'active', 'pending', 'held')",
    "expired": "p.contra = 'expired'",
    "pending": "p.bucket = 1",
    "held": "(p.bucket = 2 OR p.contra = 'held')",
}
"""What a statement can be narrowed to. `spent` has transfers in it, and what was given back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting. `at` is when we learned, `event_at` when it happened; `bucket` is active, pending or held.

    `balance_after` is that of the bucket. `refers_to` is the posting that it reverses, activates, captures, releases or
    cancels, or the lot that expired or was reinstated. `waived` are points that a reversal found gone. `note` is for
    the member, `reason` for the staff alone.
    """

    id: int
    account_id: int
    wallet_id: int
    bucket: str
    points: int
    balance_after: int
    waived: int
    kind: str
    contra: str
    key: str
    source: str
    note: str
    reason: str
    actor: str
    other_account_id: int | None
    refers_to: int | None
    event_at: datetime
    at: datetime


ENTRIES = """
    SELECT p.id, p.account_id, a.wallet_id, (ARRAY['active', 'pending', 'held'])[p.bucket + 1], p.points,
           p.balance_after, coalesce(p.waived, 0), p.kind, p.contra, p.key, p.source, p.note, p.reason, p.actor,
           p.contra_account_id, p.refers_to, p.event_at, p.created_at
    FROM ledger_account a CROSS JOIN LATERAL (
        SELECT * FROM ledger_posting p WHERE p.account_id = a.id AND {} ORDER BY p.id DESC LIMIT %s
    ) p
    WHERE {} ORDER BY p.id DESC LIMIT %s
"""


def statement_of(
    subject: UUID,
    *,
    wallet_ids: Iterable[int] | None = None,
    flow: str = "",
    kinds: Iterable[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 25,
) -> list[Entry]:
    """A member's postings, newest first: at most `limit`, with ids below `before` (the last id of the page before).

    `flow` is one of FLOWS or empty for all, `kinds` are kinds of posting; `since` and `until` bound `event_at`,
    half-open. Left out are the second legs of movements between buckets (points that become held as they cease to be
    active).
    """
    bounds = {
        "p.kind = ANY (%s)": None if kinds is None else list(kinds),
        "p.event_at >= %s": since,
        "p.event_at < %s": until,
        "p.id < %s": before,
    }
    asked = {condition: value for condition, value in bounds.items() if value is not None}
    inner = ["p.key NOT LIKE '~~%%'", *([FLOWS[flow]] if flow else []), *asked]
    outer = ["a.subject = %s", *([] if wallet_ids is None else ["a.wallet_id = ANY (%s)"])]
    wallets = [] if wallet_ids is None else [list(wallet_ids)]
    return _entries(inner, outer, *asked.values(), limit, subject, *wallets, limit)


def entry_of(subject: UUID, posting_id: int) -> Entry | None:
    """One posting of this member's, or None."""
    return next(iter(_entries(["p.id = %s"], ["a.subject = %s"], posting_id, 1, subject, 1)), None)


def entries_of(subject: UUID, posting_ids: Iterable[int]) -> list[Entry]:
    """Some postings of this member's by their ids: those that others refer to."""
    wanted = list(posting_ids)
    return _entries(["p.id = ANY (%s)"], ["a.subject = %s"], wanted, len(wanted), subject, len(wanted))


def entry_with(account_id: int, key: str) -> Entry | None:
    """The posting that a key made on an account, or None."""
    return next(iter(_entries(["p.key = %s"], ["a.id = %s"], key, 1, account_id, 1)), None)


def debits_from(subject: UUID, source: str) -> list[Entry]:
    """What this member spent under a source, each debit as it was written: spends and captures, oldest first."""
    debits = "p.points < 0 AND (p.kind = 'capture' OR NOT p.kind = ANY (%s))"
    found = _entries(["p.source = %s", debits], ["a.subject = %s"], source, list(OWN_KINDS), ALL, subject, ALL)
    return found[::-1]


def _entries(inner: list[str], outer: list[str], *parameters: Any) -> list[Entry]:
    statement = ENTRIES.format(" AND ".join(inner), " AND ".join(outer))
    return [Entry(*row) for row in rows_of(statement, *parameters)]


@dataclass(frozen=True, slots=True)
class Use:
    """Points that a posting took from a lot; negative ones were put back."""

    lot_id: int
    points: int
    earned_at: datetime
    expires_at: datetime | None


USES = """
    SELECT u.lot_id, u.points, l.earned_at, l.expires_at
    FROM ledger_lot_use u JOIN ledger_lot l ON l.account_id = u.account_id AND l.id = u.lot_id
    WHERE u.account_id = %s AND u.posting_id = %s ORDER BY u.seq
"""


def uses_of(account_id: int, posting_id: int) -> list[Use]:
    """Which lots a posting took its points from, in that order."""
    return [Use(*row) for row in rows_of(USES, account_id, posting_id)]
