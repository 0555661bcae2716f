"""Bringing the figures up to date. Everything here may run twice, late, or beside itself, and changes no points."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from loyalty.insights.models import ExpiryOutlook, ProgramSnapshot, Watermark
from loyalty.ledger.queries import figures as ledger
from loyalty.lib import clock
from loyalty.members.queries import count_members
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import as_published

LOCK = 0x1A0E_0001
OUTLOOK_DAYS = (30, 60, 90)

ADD = """
    INSERT INTO loyalty_pointsday (wallet_id, day, bucket, kind, contra, points, postings)
    SELECT * FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::bigint[])
    ON CONFLICT (wallet_id, day, bucket, kind, contra) DO UPDATE
    SET points = loyalty_pointsday.points + excluded.points, postings = loyalty_pointsday.postings + excluded.postings
"""
WRITERS = """
    SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}') FROM pg_locks
    WHERE locktype = 'relation' AND relation = 'ledger_posting'::regclass AND mode = 'RowExclusiveLock' AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How far the ledger is counted now, and how many movements were new."""

    upto_id: int
    postings: int


def refresh_snapshots(*, at: datetime | None = None) -> Refreshed | None:
    """Count what the ledger posted since the last time, the members, and what is about to expire, as of `at` (now).

    The cost depends on what is new; only members, and open lots of the next 90 days, are counted anew.
    Returns None when someone else is at it.
    """
    at = at or clock.now()
    with transaction.atomic():
        if not _ask("SELECT pg_try_advisory_xact_lock(%s)", LOCK):
            return None
        refreshed = _count_postings(at)
        _count_members(at)
        _look_ahead(at)
    return refreshed


def _count_postings(at: datetime) -> Refreshed:
    mark, _made = Watermark.objects.get_or_create(pk=1)
    postings = _settle(mark)
    mark.candidate_id = ledger.newest_id()
    mark.writers = _ask(WRITERS)
    postings += _settle(mark)
    mark.counted_at = at
    mark.save()
    return Refreshed(mark.upto_id, postings)


def _settle(mark: Watermark) -> int:
    """Count up to the candidate if nothing smaller can still appear; returns the movements counted.

    Whoever draws an id has locked the table for writing before, until the transaction ends. The newest id was noted
    first and the writers then, so once all of them have ended, every posting up to that id is visible or never will be.
    """
    if mark.candidate_id <= mark.upto_id or set(mark.writers) & set(_ask(WRITERS)):
        return 0
    wallets = Wallet.objects.select_related("program")
    zones = {wallet.pk: as_published(wallet.program).time_zone for wallet in wallets}
    rows = ledger.movements(zones, after=mark.upto_id, upto=mark.candidate_id)
    _add(rows)
    mark.upto_id = mark.candidate_id
    return sum(row.postings for row in rows)


def _add(rows: Iterable[ledger.Movement]) -> None:
    facts = [(r.wallet_id, r.day, r.bucket, r.kind, r.contra, r.points, r.postings) for r in rows]
    if facts:
        with connection.cursor() as cursor:
            cursor.execute(ADD, [list(column) for column in zip(*facts, strict=True)])


def _count_members(at: datetime) -> None:
    snapshots = [
        ProgramSnapshot(program=program, members=count, upto_id=newest, counted_at=at)
        for program in Program.objects.all()
        for count, newest in [count_members(program)]
    ]
    ProgramSnapshot.objects.bulk_create(
        snapshots,
        update_conflicts=True,
        unique_fields=["program"],
        update_fields=["members", "upto_id", "counted_at"],
    )


def _look_ahead(at: datetime) -> None:
    wallets = list(Wallet.objects.values_list("pk", flat=True))
    ends = tuple(at + timedelta(days=days) for days in OUTLOOK_DAYS)
    ending = ledger.ending(wallets, at=at, ends=ends)  # type: ignore[arg-type]
    debts = ledger.debts(wallets)
    outlooks = [_outlook(wallet, ending.get(wallet, (0, 0, 0)), debts.get(wallet, 0), at) for wallet in wallets]
    ExpiryOutlook.objects.bulk_create(
        outlooks,
        update_conflicts=True,
        unique_fields=["wallet"],
        update_fields=["within_30", "within_60", "within_90", "debt", "counted_at"],
    )


def _outlook(wallet_id: int, points: tuple, debt: int, at: datetime) -> ExpiryOutlook:
    within_30, within_60, within_90 = points
    return ExpiryOutlook(
        wallet_id=wallet_id,
        within_30=within_30,
        within_60=within_60,
        within_90=within_90,
        debt=debt,
        counted_at=at,
    )


def _ask(statement: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]
