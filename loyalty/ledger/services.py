"""The verbs: every way in which points move. One verb is one statement, one SQL function (`migrations/ledger/`).

Called outside a transaction, a verb commits by itself and is tried again when the database finds a deadlock; inside
one, it belongs to it and such a deadlock ends it with Busy. Facts common to all:
`key` is a natural fact of the caller's, unique per account for ever: the same key with the same content answers with
the first posting (`replayed`), with other content it raises KeyReused. `at` is the business instant (aware), by which
lots, holds and pending points are judged. `actor` is who did it, such as staff:12, api:3, member:7, job:expire_points.
Points are whole units of the wallet, 1 to 10¹⁵. Malformed arguments raise BadPoints, OutOfRange, BadInstant, BadText.
"""

import random
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection

from loyalty.ledger.errors import REFUSALS, UnknownAccount
from loyalty.ledger.rules import ensure_instant, ensure_key, ensure_own_words, ensure_points, ensure_text
from loyalty.lib import clock
from loyalty.lib.errors import Busy

ATTEMPTS = 6
PASSING = {"40001", "40P01"}  # serialization failure, deadlock: the same call may be sent again
BUSY = PASSING | {"55P03"}  # … or a lock that the caller's own lock_timeout gave up


@dataclass(frozen=True, slots=True)
class Posted:
    """What a verb did. `points` is signed; `balance_after` is that of the posting's bucket.

    `lot_id` is the lot of an award. `replayed` says that this key had been used before, for the same.
    """

    posting_id: int
    account_id: int
    points: int
    balance_after: int
    lot_id: int | None = None
    replayed: bool = False


def open_account(*, wallet_id: int, subject: UUID, holder: str = "member") -> int:
    """The id of this subject’s account in this wallet, opened if need be. Raises UnknownAccount (no such wallet)."""
    (account_id,) = _call("open_account", wallet_id, subject, holder, clock.now())
    if account_id is None:
        raise UnknownAccount
    return account_id


def award(
    account_id: int,
    *,
    points: int,
    key: str,
    at: datetime,
    actor: str,
    kind: str = "award",
    contra: str = "issued",
    source: str = "",
    expires_at: datetime | None = None,
    pending: bool = False,
    activates_at: datetime | None = None,
    cancel_at: datetime | None = None,
    note: str = "",
    reason: str = "",
) -> Posted:
    """Points in: one lot that expires at `expires_at` (None: never). A debt is repaid first.

    Pending points become spendable at `activates_at` or when activated, and are cancelled at `cancel_at`.
    Only points from `issued` count as earned. Raises KeyReused, UnknownAccount, OutOfRange.
    """
    ensure_points(points)
    ensure_key(key)
    ensure_own_words(kind, contra)
    ensure_text(kind, contra, source, actor, note, reason)
    ensure_instant(at, expires_at, activates_at, cancel_at)
    return _post(
        "award", account_id, points, key, kind, contra, source, actor, note, reason,
        at, clock.now(), expires_at, pending, activates_at, cancel_at,
    )  # fmt: skip


def spend(
    account_id: int,
    *,
    points: int,
    key: str,
    at: datetime,
    actor: str,
    kind: str = "spend",
    contra: str = "redeemed",
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """Points out: earliest expiry first, "never" last, then the oldest; lots past `at` are not touched.

    Raises NotEnoughPoints, KeyReused, UnknownAccount.
    """
    ensure_points(points)
    ensure_key(key)
    ensure_own_words(kind, contra)
    ensure_text(kind, contra, source, actor, note, reason)
    ensure_instant(at)
    return _post("spend", account_id, points, key, kind, contra, source, actor, note, reason, at, clock.now())


def _post(function: str, account_id: int, *arguments: Any) -> Posted:
    status, posting_id, points, balance_after, lot_id = _call(function, account_id, *arguments)
    if status in REFUSALS:
        raise REFUSALS[status]
    return Posted(posting_id, account_id, points, balance_after, lot_id, status == "replayed")


def _call(function: str, *arguments: Any) -> tuple:
    """One statement: the SQL function's one row. Passing failures are tried again where the transaction is our own."""
    statement = f"SELECT * FROM ledger_{function}({', '.join(['%s'] * len(arguments))})"  # noqa: S608
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, arguments)
                return cursor.fetchone()
        except OperationalError as error:
            _ensure_passing(error, attempt)
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
    raise Busy


def _ensure_passing(error: OperationalError, attempt: int) -> None:
    """Return if the call may simply be sent again; else raise Busy, or what is no question of load as it is."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    if sqlstate not in BUSY:
        raise error
    if sqlstate not in PASSING or attempt == ATTEMPTS or connection.in_atomic_block:
        raise Busy from error
