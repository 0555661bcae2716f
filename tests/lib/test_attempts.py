"""What passes is tried again, five times at most; what does not pass is told at once."""

import pytest
from django.db import OperationalError, connection

from loyalty.lib.attempts import ATTEMPTS, insist
from loyalty.lib.errors import Busy


class Overtaken(Exception):
    pass


class Change:
    """Fails with the errors it was given, one per attempt, then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.attempts = 0

    def __call__(self) -> str:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


def failed(sqlstate: str) -> OperationalError:
    """As Django raises it: what the driver met is its cause."""
    error = OperationalError("of PostgreSQL")
    error.__cause__ = type("FromTheDriver", (Exception,), {"sqlstate": sqlstate})()
    return error


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_what_passes_is_tried_again(sqlstate):
    change = Change(failed(sqlstate), failed(sqlstate))
    assert insist(change) == "done"
    assert change.attempts == 3


def test_busy_because_of_a_deadlock_is_tried_again():
    busy = Busy()
    busy.__cause__ = failed("40P01")
    assert insist(Change(busy)) == "done"


def test_five_times_at_most():
    change = Change(*(failed("40P01") for _ in range(9)))
    with pytest.raises(Busy):
        insist(change)
    assert change.attempts == ATTEMPTS


@pytest.mark.parametrize("error", [failed("57014"), OperationalError("the line is cut"), Busy()])
def test_what_does_not_pass_is_told_at_once(error):
    change = Change(error)
    with pytest.raises(type(error)):
        insist(change)
    assert change.attempts == 1


def test_the_callers_own_reason_to_try_again():
    assert insist(Change(Overtaken()), passing=(Overtaken,)) == "done"
    with pytest.raises(Overtaken):
        insist(Change(Overtaken()))


@pytest.mark.django_db(transaction=True)
def test_a_real_serialization_failure_passes():
    states = iter(["40001", "40P01"])

    def change() -> int:
        with connection.cursor() as cursor:
            if state := next(states, ""):
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '{state}'; END $$")
            cursor.execute("SELECT 7")
            return cursor.fetchone()[0]

    assert insist(change) == 7
