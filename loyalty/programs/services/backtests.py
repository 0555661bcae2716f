"""A configuration tried on the program's history before it goes live: asked for, worked on in the background, reported.

PostgreSQL is the queue, as with uploads: what waits stands in the table, a lost or doubled task does no harm.
"""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection

from loyalty.ledger.queries.figures import liability_of
from loyalty.lib import clock
from loyalty.members.models import Member, User
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.models.program import Program
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.configuration import Configuration, compiled
from loyalty.programs.queries.documents import described, rows_from, stored_rows
from loyalty.programs.queries.tiers import tier_codes_of
from loyalty.programs.services.replaying import Replay, history_length, replay
from loyalty.programs.services.transactions import turn_of

State = Backtest.State
DUE = (State.WAITING, State.RUNNING)
SMALLER = Decimal("0.8")
ENDS = 10
TELL_SECONDS = 0.5


def ask_backtest(
    program: Program, *, title: str, months: int, user: User | None, version: ProgramVersion | None = None
) -> Backtest:
    """Let the rows as they are now (the draft), or a version, be tried on the last `months`; it waits for a worker."""
    rows = rows_from(program, version.document, version.places) if version else stored_rows(program)
    told = described(rows)
    return Backtest.objects.create(
        program=program, title=title, months=months, asked_by=user, document=told.document, places=told.places
    )


def work_on_backtests() -> int:
    """Run whatever waits, the oldest first; returns how many were run."""
    worked = 0
    for number in list(Backtest.objects.filter(state__in=DUE).order_by("pk").values_list("pk", flat=True)):
        with turn_of(f"backtest:{number}") as is_ours:
            test = Backtest.objects.select_related("program").get(pk=number)
            if is_ours and test.state in DUE:
                _work_on(test)
                worked += 1
    return worked


def _work_on(test: Backtest) -> None:
    try:
        report = run_backtest(test, _Telling(test))
    except Exception as error:
        _finish(test, State.FAILED, {"error": f"{type(error).__name__}: {error}"[:500]})
        raise
    _finish(test, State.DONE, report)


def run_backtest(test: Backtest, progress: Any = lambda _done: None) -> dict[str, Any]:
    """The report of a backtest; writes nothing."""
    until = clock.now()
    since = until - relativedelta(months=test.months)
    configuration = compiled(rows_from(test.program, test.document, test.places))
    total = history_length(test.program_id, since, until)
    Backtest.objects.filter(pk=test.pk).update(state=State.RUNNING, total_rows=2 * total, done_rows=0)
    found = replay(configuration, since=since, until=until, progress=progress)
    smaller = replay(
        configuration, since=since, until=until, scale=SMALLER, progress=lambda done: progress(total + done)
    )
    return _report(test, configuration, found, smaller, since, until)


def _report(
    test: Backtest, configuration: Configuration, found: Replay, smaller: Replay, since: datetime, until: datetime
) -> dict[str, Any]:
    values = {terms.wallet.code: terms.wallet.point_value for terms in configuration.wallets.values()}
    before, after = _money(found.before, values), _money(found.after, values)
    owed = _owed(configuration, until)
    return {
        "since": since.isoformat(), "until": until.isoformat(), "activities": found.activities, "others": found.others,
        "wallets": [
            {"wallet": code, "before": found.before.get(code, 0), "after": found.after.get(code, 0)}
            for code in sorted({*found.before, *found.after})
        ],
        "cost": {"before": _text(before), "after": _text(after)},
        "liability": {"now": _text(owed), "then": _text(owed + after - before)},
        "stress": {
            "all_redeem": _text(owed + after - before), "smaller_baskets": _text(_money(smaller.after, values)),
            "smaller_points": sum(smaller.after.values()),
        },
        "months": [[month, *found.months[month]] for month in sorted(found.months)],
        **_people(test.program, found),
    }  # fmt: skip


def _owed(configuration: Configuration, at: datetime) -> Decimal:
    """What the points that members hold now cost by the values of this configuration."""
    held = liability_of(list(configuration.wallets), at)
    points = {pk: each.active + each.pending + each.held for pk, each in held.items()}
    wallets = ((pk, terms.wallet.point_value) for pk, terms in configuration.wallets.items())
    return sum((points.get(pk, 0) * value for pk, value in wallets), Decimal(0))


def _people(program: Program, found: Replay) -> dict[str, Any]:
    """Who gains and who loses; in money where a unit has a value, else in points."""
    changes = sorted(((pk, after - before) for pk, (before, after) in found.members.items()), key=lambda each: each[1])
    ends = [each for each in changes[:ENDS] if each[1] < 0], [each for each in changes[-ENDS:] if each[1] > 0]
    members = Member.objects.in_bulk([pk for end in ends for pk, _change in end])
    told = [
        [{"number": members[pk].number, "name": members[pk].name, "change": _text(change)} for pk, change in end]
        for end in ends
    ]
    tiers = tier_codes_of(Member.objects.filter(pk__in=list(found.members)))
    by_tier: dict[str, list[Decimal]] = {}
    for pk, _change in changes:
        row = by_tier.setdefault(tiers.get(pk) or "", [Decimal(0), Decimal(0), Decimal(0)])
        row[0] += 1
        row[1] += found.members[pk][0]
        row[2] += found.members[pk][1]
    return {
        "gain": sum(change > 0 for _pk, change in changes), "lose": sum(change < 0 for _pk, change in changes),
        "same": sum(change == 0 for _pk, change in changes), "losers": told[0], "gainers": told[1][::-1],
        "tiers": [[tier, int(row[0]), _text(row[1]), _text(row[2])] for tier, row in sorted(by_tier.items())],
    }  # fmt: skip


def _money(points: dict[str, int], values: dict[str, Decimal]) -> Decimal:
    return sum((some * values.get(code, Decimal(0)) for code, some in points.items()), Decimal(0))


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _finish(test: Backtest, state: str, report: dict[str, Any]) -> None:
    Backtest.objects.filter(pk=test.pk).update(
        state=state, report=report, finished_at=clock.now(), done_rows=test.total_rows or 0
    )


class _Telling:
    """Writes down how far it is, twice a second."""

    def __init__(self, test: Backtest) -> None:
        self._pk, self._told_at = test.pk, 0.0

    def __call__(self, done: int) -> None:
        if time.monotonic() - self._told_at < TELL_SECONDS:
            return
        self._told_at = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE loyalty_backtest SET done_rows = %s WHERE id = %s", [done, self._pk])
