"""What statements cost: how many there are, and what they write into the log that makes them durable."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db import connection

COMMIT_BYTES = 34  # the commit's own record, which EXPLAIN does not see
type Statement = tuple[str, list[Any]]


class NotSent(Exception):
    """Carries a statement away before it is executed."""


@dataclass(frozen=True, slots=True)
class Written:
    """Records and bytes in the write-ahead log per statement with its commit, page images aside: those depend on
    when the last checkpoint was."""

    records: float
    size: float


def statement_of(call: Callable[[], Any]) -> Statement:
    """The first statement that `call` would send, with its parameters; it is not sent."""

    def carry_away(_execute: Any, statement: str, parameters: Any, _many: bool, _context: Any) -> None:
        raise NotSent(statement, parameters)

    with connection.execute_wrapper(carry_away):
        try:
            call()
        except NotSent as caught:
            statement, parameters = caught.args
            return statement, list(parameters or [])
    raise ValueError("it sends none")


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements sent meanwhile, begin and commit aside."""
    sent: list[str] = []

    def note(execute: Any, statement: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append(statement)
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(note):
        yield sent


def written_by(calls: list[Callable[[], Any]]) -> Written:
    """The median over many calls of one statement each: in one of many a page is full, or is cleaned on the way."""
    plans = [plan for call in calls if not (plan := _explained(*statement_of(call)))["WAL FPI"]]
    return Written(
        median(plan["WAL Records"] for plan in plans) + 1, median(plan["WAL Bytes"] for plan in plans) + COMMIT_BYTES
    )


def _explained(statement: str, parameters: list[Any]) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) {statement}", parameters)
        ((answer,),) = cursor.fetchall()
    (plan,) = json.loads(answer) if isinstance(answer, str) else answer
    return plan["Plan"]
