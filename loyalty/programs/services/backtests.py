"""A configuration tried on the program's history before it goes live: asked for, worked on in the background, reported.

PostgreSQL is the queue, as with uploads: what waits stands in the table, a lost or doubled task does no harm.
"""

import time
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection

from loyalty.lib import clock
from loyalty.members.models import User
from loyalty.programs.models.backtests import Backtest
from loyalty.programs.models.program import Program
from loyalty.programs.models.versions import ProgramVersion
from loyalty.programs.queries.configuration import compiled, configuration_of
from loyalty.programs.queries.documents import described, rows_from, stored_rows
from loyalty.programs.queries.histories import history_length
from loyalty.programs.rules.documents import digest_of
from loyalty.programs.services.backtest_reports import report_of
from loyalty.programs.services.replay_run import begins_at
from loyalty.programs.services.replaying import replay
from loyalty.programs.services.transactions import turn_of

State = Backtest.State
DUE = (State.WAITING, State.RUNNING)
SMALLER = Decimal("0.8")
TELL_SECONDS = 0.5


def ask_backtest(
    program: Program,
    *,
    title: str,
    months: int,
    user: User | None,
    version: ProgramVersion | None = None,
    budget: Decimal | None = None,
) -> Backtest:
    """Let the rows as they are now (the draft), or a version, be tried on the last `months`; it waits for a worker.

    `budget` is what the brand has set aside for points, in its currency.
    """
    rows = rows_from(program, version.document, version.places) if version else stored_rows(program)
    told = described(rows)
    return Backtest.objects.create(
        program=program, title=title, months=months, asked_by=user, budget=budget, document=told.document,
        places=told.places,
    )  # fmt: skip


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
    """The report of a backtest; writes nothing. The rules judge once, and once more what smaller baskets would earn.

    What is in force is replayed as it was; a draft may ask for lists and attributes that are new with it.
    """
    until = clock.now()
    since = until - relativedelta(months=test.months)
    configuration = compiled(rows_from(test.program, test.document, test.places))
    total = history_length(test.program_id, begins_at(configuration, since), until)
    Backtest.objects.filter(pk=test.pk).update(state=State.RUNNING, total_rows=total, done_rows=0)
    as_it_was = digest_of(test.document) == digest_of(configuration_of(test.program).described.document)
    found = replay(configuration, since=since, until=until, smaller=SMALLER, as_it_was=as_it_was, progress=progress)
    return report_of(test, configuration, found, since, until) | {"as_it_was": as_it_was}


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
