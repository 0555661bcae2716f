"""What time does by itself: points become active, expire, are cancelled or released, and members are warned.

Every job finds what is due in the database, works in slices and can be killed, run late or run twice: a schedule is
only a doorbell. `program` None means all programs, `at` None means now; days are those of each program's zone. Where
another process is at the same job, it has the turn and the answer is empty, unless one `wait`s for the turn.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.queries import due
from loyalty.ledger.queries.proof import findings
from loyalty.ledger.rules import Swept, ensure_instant
from loyalty.lib import clock
from loyalty.outbox.services import publish, publish_many
from loyalty.programs.events import PointsExpired, PointsExpiring
from loyalty.programs.models.program import Program
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.in_force import as_published
from loyalty.programs.rules.days import end_of_day, local_day
from loyalty.programs.services import holdings, unconfirmed
from loyalty.programs.services.transactions import turn_of

logger = logging.getLogger(__name__)
SLICE = 2_000
type Sweep = Callable[..., Swept]

WARN = """
WITH step AS (
    SELECT * FROM unnest(%(days)s::int[], %(ends)s::timestamptz[]) AS s (days, until)
), ending AS (
    SELECT m.id AS member_id, e.wallet_id, e.expires_at, e.points,
           (SELECT min(s.days) FROM step s WHERE e.expires_at <= s.until) AS days
    FROM ledger_ending(%(wallets)s::bigint[], %(at)s, (SELECT max(until) FROM step)) e
    JOIN loyalty_member m ON m.subject = e.subject AND m.status = 'active'
), untold AS (
    SELECT * FROM ending e
    WHERE NOT EXISTS (SELECT FROM loyalty_expirywarning w WHERE w.member_id = e.member_id AND w.wallet_id = e.wallet_id
                      AND w.expires_at = e.expires_at AND w.days = e.days)
      AND e.member_id > %(after)s
), told AS (
    INSERT INTO loyalty_expirywarning (member_id, wallet_id, expires_at, days, points, created_at)
    SELECT u.member_id, u.wallet_id, u.expires_at, u.days, u.points, %(now)s FROM untold u
    WHERE u.member_id IN (SELECT DISTINCT member_id FROM untold ORDER BY member_id LIMIT %(slice)s)
    ON CONFLICT (member_id, wallet_id, expires_at, days) DO NOTHING
    RETURNING member_id, wallet_id, expires_at, days, points
)
SELECT member_id, wallet_id, sum(points)::bigint, min(expires_at), days, max(expires_at)
FROM told GROUP BY member_id, wallet_id, days ORDER BY member_id, wallet_id, days"""


def activate_points(*, program: Program | None = None, at: datetime | None = None, wait: bool = False) -> Swept:
    """Pending points whose instant has come can be spent."""
    act = partial(holdings.sweep, ledger.activate_due, due.accounts_activating)
    return _sweep("activate_points", act, program, at, wait)


def cancel_unconfirmed(*, program: Program | None = None, at: datetime | None = None, wait: bool = False) -> Swept:
    """Pending points that nobody confirmed in time are taken away, and use up nothing of caps and budgets any more."""
    return _sweep("cancel_unconfirmed", unconfirmed.cancel_due, program, at, wait)


def release_holds(*, program: Program | None = None, at: datetime | None = None, wait: bool = False) -> Swept:
    """Points set aside for longer than was agreed go back into their lots; `lots` counts holds."""
    act = partial(holdings.sweep, ledger.release_due, due.accounts_holding_too_long)
    return _sweep("release_holds", act, program, at, wait)


def expire_points(*, program: Program | None = None, at: datetime | None = None, wait: bool = False) -> Swept:
    """Lots whose instant is `at` or before expire, each dated by its own instant; PointsExpired tells per wallet.

    (The event is told after the run: the postings are the record, also where a run was cut off.)
    """
    at, total = at or clock.now(), Swept()
    expire = partial(holdings.sweep, ledger.expire_due, due.accounts_expiring)
    with turn_of("expire_points", wait=wait) as is_ours:
        for wallet in _wallets(program) if is_ours else ():
            swept = expire(wallet_ids=[wallet.pk], at=at, actor="job:expire_points")
            if swept.lots:
                with transaction.atomic():
                    publish(PointsExpired(wallet.program_id, wallet.pk, swept.lots, swept.points, at))
            total += swept
    return total


def warn_of_expiry(
    *, program: Program | None = None, at: datetime | None = None, from_hour: int = 0, wait: bool = False
) -> int:
    """Tell members, as many days before as their program chose, that points expire; returns how many warnings.

    A member hears of the same points once per step, however often the job runs; a late run catches up, and tells what
    it found in one message per wallet and step, only of the nearest step. Not before `from_hour` in the program's zone.
    Raises BeyondCalendar.
    """
    at = at or clock.now()
    warnings = 0
    with turn_of("warn_of_expiry", wait=wait) as is_ours:
        for each in map(as_published, _programs(program) if is_ours else ()):
            if each.warn_days and at.astimezone(ZoneInfo(each.time_zone)).hour >= from_hour:
                warnings += _warn(each, at)
    return warnings


def prove_ledger() -> int:
    """Run every invariant of the ledger; what is broken is logged as an error. Returns the number of violations."""
    violations = 0
    for finding in findings():
        violations += finding.violations
        if finding.violations:
            logger.error("ledger: %s (%d rows, such as %s)", finding.meaning, finding.violations, finding.rows[:3])
    if not violations:
        logger.info("ledger: every invariant holds")
    return violations


def _sweep(name: str, sweep: Sweep, program: Program | None, at: datetime | None, wait: bool) -> Swept:
    with turn_of(name, wait=wait) as is_ours:
        if not is_ours:
            return Swept()
        wallet_ids = [wallet.pk for wallet in _wallets(program)]
        return sweep(wallet_ids=wallet_ids, at=at or clock.now(), actor=f"job:{name}")


def _programs(program: Program | None) -> Iterable[Program]:
    return Program.objects.order_by("pk") if program is None else [program]


def _wallets(program: Program | None) -> Iterable[Wallet]:
    """Closed programs and archived wallets too: what members hold there lives by the same rules."""
    wallets = Wallet.objects.order_by("pk")
    return wallets if program is None else wallets.filter(program=program)


def _warn(program: Program, at: datetime) -> int:
    """Slice by slice of members, each slice with its events in one transaction."""
    today = local_day(at, program.time_zone)
    steps = sorted(set(program.warn_days))
    ensure_instant(at)
    ensure_instant(at + timedelta(days=steps[-1]))
    facts = {
        "days": steps,
        "ends": [end_of_day(today + timedelta(days=days), program.time_zone) for days in steps],
        "wallets": [wallet.pk for wallet in _wallets(program)],
        "at": at,
        "now": clock.now(),
        "slice": SLICE,
    }
    warnings, after = 0, 0
    while events := _tell(facts | {"after": after}):
        warnings += len(events)
        after = events[-1].member_id
    return warnings


@transaction.atomic
def _tell(facts: dict[str, Any]) -> list[PointsExpiring]:
    with connection.cursor() as cursor:
        cursor.execute(WARN, facts)
        events = [PointsExpiring(*row) for row in cursor.fetchall()]
    publish_many(events)
    return events
