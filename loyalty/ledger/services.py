"""The verbs: every way in which points move. One verb is one statement, one SQL function (`migrations/ledger/`).

Called outside a transaction, a verb commits by itself and is tried again when the database finds a deadlock; inside
one, it belongs to it and such a deadlock ends it with Busy. Facts common to all:
`key` is a natural fact of the caller's, unique per account for ever: the same key with the same content answers with
the first posting (`replayed`), with other content it raises KeyReused. `at` is the business instant (aware), by which
lots, holds and pending points are judged. `actor` is who did it, such as staff:12, api:3, member:7, job:expire_points.
`source` is part of the content; `note` is what the member reads, `reason` is for the staff alone.
Points are whole units of the wallet, 1 to 10¹⁵. Malformed arguments raise BadPoints, OutOfRange, BadInstant, BadText.
"""

import json
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection

from loyalty.ledger.errors import REFUSALS, UnknownAccount
from loyalty.ledger.queries import due
from loyalty.ledger.queries.rows import rows_of
from loyalty.ledger.rules import (
    KEEP,
    AwardedMany,
    AwardRow,
    Keep,
    Posted,
    Swept,
    encode_award,
    ensure_instant,
    ensure_known_policy,
    ensure_later,
    ensure_own_words,
    ensure_part,
    ensure_points,
    ensure_sound,
)
from loyalty.lib import clock, prepared
from loyalty.lib.attempts import PASSING
from loyalty.lib.errors import Busy

ATTEMPTS = 6
BUSY = PASSING | {"55P03"}  # … or a lock that the caller's own lock_timeout gave up
SLICE = 200  # accounts per transaction of a sweep: more of them stall those who spend meanwhile
BATCH = 10_000  # awards per statement
type Only = Collection[int] | None  # these accounts, looked up before
type Ends = Mapping[tuple[date, datetime | None], datetime | None]  # (day of earning, end before): end now


def open_account(*, wallet_id: int, subject: UUID, holder: str = "member") -> int:
    """The id of this subject’s account in this wallet, opened if need be. Raises UnknownAccount (no such wallet)."""
    (account_id,) = _call("open_account", wallet_id, subject, holder, clock.now())
    if account_id is None:
        raise UnknownAccount
    return account_id


def open_accounts(*, wallet_id: int, subjects: Iterable[UUID], holder: str = "member") -> dict[UUID, int]:
    """The accounts of many subjects in one wallet by subject, opened if need be. Raises UnknownAccount."""
    wanted = set(subjects)
    accounts = dict(_rows("open_accounts", wallet_id, list(wanted), holder, clock.now()))
    if len(accounts) < len(wanted):
        raise UnknownAccount
    return accounts


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
    ensure_own_words(kind, contra)
    ensure_instant(expires_at, activates_at, cancel_at)
    ensure_sound(key, at, kind, contra, source, actor, note, reason)
    return _post(
        "award", account_id, points, key, kind, contra, source, actor, note, reason,
        at, clock.now(), expires_at, pending, activates_at, cancel_at,
    )  # fmt: skip


def award_many(rows: Iterable[AwardRow], *, actor: str) -> AwardedMany:
    """Many awards, set-based; the effect is that of the rows awarded one by one in their order.

    Each 10,000 rows are one statement, all or nothing (inside a transaction of the caller's: all rows are).
    Raises as `award` does, with the `key` of the row in the error's details.
    """
    batches = (json.dumps([encode_award(row) for row in batch]) for batch in batched(rows, BATCH))
    return sum((_awarded(_call("award_many", batch, actor, clock.now())) for batch in batches), AwardedMany())


def award_selected(selection: str, parameters: Iterable[Any], *, actor: str) -> AwardedMany:
    """As `award_many`, for rows that wait in a temporary table: `selection` gives the columns of `ledger_award_row`.

    One statement, so select thousands, not millions; the caller vouches for what `award_many` checks in Python.
    """
    rows = f"ARRAY(SELECT selected::ledger_award_row FROM ({selection}) selected)"  # noqa: S608
    statement = f"SELECT * FROM ledger_award_rows({rows}, %s, %s)"  # noqa: S608
    return _awarded(_insist(rows_of, statement, *parameters, actor, clock.now())[0])


def _awarded(answer: tuple) -> AwardedMany:
    status, key, awarded, replayed, points = answer
    if status in REFUSALS:
        raise REFUSALS[status](key=key)
    return AwardedMany(awarded, replayed, points)


def activate(
    account_id: int,
    *,
    award_key: str,
    key: str,
    at: datetime,
    actor: str,
    expires_at: datetime | Keep | None = KEEP,
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """Pending points of the award `award_key` become spendable, with a new end if one is given (None: never).

    To cancel them instead, reverse the award. Raises UnknownAccount, UnknownPosting, NotPending, KeyReused.
    """
    ends = None if isinstance(expires_at, Keep) else expires_at
    ensure_instant(ends)
    ensure_sound(key, at, source, actor, note, reason)
    return _post(
        "activate", account_id, award_key, key, source, actor, note, reason, at, clock.now(), expires_at is KEEP, ends
    )


def activate_due(*, at: datetime, actor: str, wallet_ids: Iterable[int] = (), only: Only = None) -> Swept:
    """Pending points whose instant has come become spendable. Resumable, harmless twice."""
    return _sweep("activate_due", due.accounts_activating(wallet_ids, at) if only is None else only, at, actor)


def cancel_due(
    *, at: datetime, actor: str, wallet_ids: Iterable[int] = (), lots: Collection[due.Unconfirmed] | None = None
) -> Swept:
    """Pending points that nobody confirmed in time go, or of them these `lots` alone. Resumable, harmless twice."""
    accounts = due.accounts_cancelling(wallet_ids, at) if lots is None else sorted({lot.account_id for lot in lots})
    return _sweep("cancel_due", accounts, at, actor, None if lots is None else [lot.lot_id for lot in lots])


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
    ensure_own_words(kind, contra)
    ensure_sound(key, at, kind, contra, source, actor, note, reason)
    return _post("spend", account_id, points, key, kind, contra, source, actor, note, reason, at, clock.now())


def hold(
    account_id: int,
    *,
    points: int,
    key: str,
    at: datetime,
    until: datetime,
    actor: str,
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """Set points aside until `until`, out of the lots that a spend would take. Raises NotEnoughPoints, KeyReused."""
    ensure_points(points)
    ensure_sound(key, at, source, actor, note, reason)
    ensure_later(until, at)
    return _post("hold", account_id, points, key, source, actor, note, reason, at, clock.now(), until)


def capture(
    account_id: int,
    *,
    hold_key: str,
    key: str,
    at: datetime,
    actor: str,
    points: int | None = None,
    contra: str = "redeemed",
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """Take what was set aside, or `points` of it; the rest goes back into its lots. `balance_after` counts held points.

    Raises UnknownPosting, MoreThanHeld, KeyReused, and HoldClosed once it is settled or `at` is past its end.
    """
    ensure_part(points)
    ensure_own_words("spend", contra)
    ensure_sound(key, at, contra, source, actor, note, reason)
    return _post("capture", account_id, points, hold_key, key, contra, source, actor, note, reason, at, clock.now())


def release(
    account_id: int,
    *,
    hold_key: str,
    key: str,
    at: datetime,
    actor: str,
    points: int | None = None,
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """Give back what was set aside, or `points` of it, into its lots. Raises UnknownPosting, HoldClosed, MoreThanHeld,
    KeyReused."""
    ensure_part(points)
    ensure_sound(key, at, source, actor, note, reason)
    return _post("release", account_id, points, hold_key, key, source, actor, note, reason, at, clock.now())


def release_due(*, at: datetime, actor: str, wallet_ids: Iterable[int] = (), only: Only = None) -> Swept:
    """Holds past their end are released; `lots` counts holds. Resumable, harmless twice."""
    return _sweep("release_due", due.accounts_holding_too_long(wallet_ids, at) if only is None else only, at, actor)


def transfer(
    from_id: int,
    to_id: int,
    *,
    points: int,
    key: str,
    at: datetime,
    actor: str,
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """From one account to another of the same wallet; the points keep their ends. Answers with the giver's posting.

    Raises NotEnoughPoints, SameAccount, DifferentWallets, KeyReused (on either account), UnknownAccount, OutOfRange.
    """
    ensure_points(points)
    ensure_sound(key, at, source, actor, note, reason)
    return _post("transfer", from_id, to_id, points, key, source, actor, note, reason, at, clock.now())


def expire_due(*, at: datetime, actor: str, wallet_ids: Iterable[int] = (), only: Only = None) -> Swept:
    """Lots whose instant is `at` or before expire. Slices of 200 accounts, each its own transaction unless the caller
    is in one; resumable, harmless twice. Each lot's posting bears the lot's own instant as `event_at`."""
    return _sweep("expire", due.accounts_expiring(wallet_ids, at) if only is None else only, at, actor)


def reinstate(
    account_id: int,
    *,
    lot_id: int,
    key: str,
    at: datetime,
    expires_at: datetime | None,
    actor: str,
    source: str = "",
    note: str = "",
    reason: str = "",
) -> Posted:
    """Bring back all that expired out of a lot, and was not waived, now ending at `expires_at` (None: never).

    Raises UnknownLot, NothingExpired, KeyReused.
    """
    ensure_sound(key, at, source, actor, note, reason)
    ensure_later(expires_at, at)
    return _post("reinstate", account_id, lot_id, key, source, actor, note, reason, at, clock.now(), expires_at)


def reverse(
    account_id: int,
    *,
    posting_key: str,
    key: str,
    at: datetime,
    actor: str,
    reason: str,
    points: int | None = None,
    debt_policy: str = "within_balance",
    source: str = "",
    note: str = "",
) -> Posted:
    """Undo an award, spend or capture, wholly or by `points` (more than is left to undo counts as that).

    A debit's points go back into the very lots, last taken first. An award is taken from its own lot first, then by
    `debt_policy` (`only_pending`, `within_balance`, `unlimited`); what cannot be taken is waived for good, so the
    answer's `points` may be less than asked, even 0. Raises UnknownPosting, NotReversible, NothingToReverse, KeyReused.
    """
    ensure_part(points)
    ensure_known_policy(debt_policy)
    ensure_sound(key, at, source, actor, note, reason)
    return _post(
        "reverse", account_id, posting_key, points, debt_policy, key, source, actor, note, reason, at, clock.now()
    )


def extend(account_id: int, *, until: datetime, key: str, at: datetime, actor: str) -> Swept:
    """Sliding expiry: whatever would end before `until` lasts until then. Lots already past `at` stay past."""
    ensure_sound(key, at, actor)
    ensure_later(until, at)
    status, lots, points = _call("extend", account_id, until, key, actor, at, clock.now())
    if status in REFUSALS:
        raise REFUSALS[status]
    return Swept(lots, points)


def redate(
    wallet_id: int, *, ends: Ends, zone: str, key: str, at: datetime, actor: str, only: Iterable[int] | None = None
) -> Swept:
    """A change of policy: open lots earned on a day (in `zone`) that end at an instant now end at another (or never).

    No new end may lie before `at`: a policy never takes points at once. Slices as in `expire_due`; `key` is used once
    per account, so that the same change can be resumed; `only` these accounts. Lots already past `at` stay past.
    """
    ensure_sound(key, at, actor)
    for end in ends.values():
        ensure_later(end, at)
    days, were = [day for day, _was in ends], [was for _day, was in ends]
    total = Swept()
    for part in batched(due.accounts_with_lots(wallet_id) if only is None else only, SLICE):
        total += Swept(*_call("redate", list(part), days, were, list(ends.values()), zone, key, actor, at, clock.now()))
    return total


def _sweep(function: str, account_ids: Iterable[int], at: datetime, actor: str, *more: Any) -> Swept:
    ensure_instant(at)
    parts = batched(account_ids, SLICE)
    return sum((Swept(*_call(function, list(part), at, clock.now(), actor, *more)) for part in parts), Swept())


def _post(function: str, account_id: int, *arguments: Any) -> Posted:
    status, posting_id, points, balance_after, lot_id = _call(function, account_id, *arguments)
    if status in REFUSALS:
        raise REFUSALS[status]
    return Posted(posting_id, account_id, points, balance_after, lot_id, status == "replayed")


def _call(function: str, *arguments: Any) -> tuple:
    return _rows(function, *arguments)[0]


def _rows(function: str, *arguments: Any) -> list[tuple]:
    statement = f"SELECT * FROM ledger_{function}({'%s, ' * (len(arguments) - 1)}%s)"  # noqa: S608
    return _insist(prepared.rows_of, statement, *arguments)


def _insist(ask: Callable[..., list[tuple]], statement: str, *arguments: Any) -> list[tuple]:
    """The answer to one statement. Passing failures are tried again where the transaction is our own."""
    attempt = 1
    while True:
        try:
            return ask(statement, *arguments)
        except OperationalError as error:
            _ensure_passing(error, attempt)
        time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
        attempt += 1


def _ensure_passing(error: OperationalError, attempt: int) -> None:
    """Return if the call may simply be sent again; else raise Busy, or what is no question of load as it is."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    if sqlstate not in BUSY:
        raise error
    if sqlstate not in PASSING or attempt == ATTEMPTS or not connection.autocommit:
        raise Busy from error
