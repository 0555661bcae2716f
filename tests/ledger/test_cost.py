"""What a verb costs: one statement, and few records in the write-ahead log."""

import json
from collections.abc import Callable
from statistics import median

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.ledger import services as ledger
from loyalty.ledger.queries.balances import balances_of
from tests.ledger.purse import NOON, Purse, day, new_key, rows

VERBS: dict[str, Callable[[Purse, Purse, int], object]] = {
    "open_account": lambda purse, other, lot: Purse.__post_init__(purse),
    "award": lambda purse, other, lot: purse.award(10),
    "award of pending points": lambda purse, other, lot: purse.award(10, pending=True),
    "activate": lambda purse, other, lot: purse.activate("pending"),
    "spend": lambda purse, other, lot: purse.spend(60),
    "hold": lambda purse, other, lot: purse.hold(60),
    "capture": lambda purse, other, lot: purse.capture("hold", points=3),
    "release": lambda purse, other, lot: purse.release("hold"),
    "transfer": lambda purse, other, lot: purse.give(other, 60),
    "reverse an award": lambda purse, other, lot: purse.reverse("award", debt_policy="unlimited"),
    "reverse a spend": lambda purse, other, lot: purse.reverse("spend"),
    "reinstate": lambda purse, other, lot: purse.reinstate(lot),
    "extend": lambda purse, other, lot: purse.extend(day(50)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_one_statement(purse, verb):
    other = Purse(wallet=purse.wallet)
    past = purse.award(5, at=day(-9), expires_at=day(-1)).lot_id
    purse.expire(NOON)
    for number in range(5):
        purse.award(50, expires_at=day(9 + number))
    purse.award(50, key="award")
    purse.award(50, key="pending", pending=True)
    purse.spend(70, key="spend")
    purse.hold(5, key="hold")
    with CaptureQueriesContext(connection) as captured:
        VERBS[verb](purse, other, past)
    assert len(captured) == 1


def test_a_refusal_is_one_statement_and_spoils_no_transaction(purse):
    with CaptureQueriesContext(connection) as captured, pytest.raises(ledger.REFUSALS["not-enough"]):
        purse.spend(1)
    assert len(captured) == 1
    purse.award(1)


def test_balances_are_one_statement(purse):
    for number in range(5):
        purse.award(50, expires_at=day(9 + number))
    with CaptureQueriesContext(connection) as captured:
        balances_of(purse.subject, NOON)
    assert len(captured) == 1


def log_of(call: str) -> tuple[int, int]:
    """Records and bytes in the write-ahead log, the commit's record of 34 bytes included; no page images among them."""
    ((plan,),) = rows(f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) SELECT * FROM {call}")  # noqa: S608
    (plan,) = json.loads(plan) if isinstance(plan, str) else plan
    used = plan["Plan"]
    return (used["WAL Records"] + 1, used["WAL Bytes"] + 34) if not used["WAL FPI"] else (0, 0)


def cost_of(calls: list[str]) -> tuple[float, float]:
    costs = [cost for call in calls if (cost := log_of(call)) != (0, 0)]
    return median(records for records, _bytes in costs), median(size for _records, size in costs)


AT = f"'{NOON.isoformat()}'"


@pytest.mark.django_db(
    transaction=True
)  # within one transaction nothing could be cleared away, and pages would fill up
def test_an_award_writes_little():
    purse = Purse()
    records, size = cost_of(
        [
            f"ledger_award({purse.id}, 120, 'purchase:pos-17:{new_key()}', 'purchase', 'issued', 'pos-17:2026-11-0042',"
            f" 'api:3', 'Purchase 2026-11-0042', '', {AT}, {AT}, '{day(365).isoformat()}', false, null, null)"
            for _ in range(60)
        ]
    )
    assert records <= 16
    assert size <= 1300


@pytest.mark.django_db(transaction=True)
def test_a_spend_writes_little():
    """Each takes what is left of one lot and a part of the next."""
    purse = Purse()
    for number in range(60):
        purse.award(120, expires_at=day(300 + number))
    records, size = cost_of(
        [
            f"ledger_spend({purse.id}, 100, 'redemption:{new_key()}', 'redeem', 'redeemed', 'reward:17', 'member:7',"
            f" 'Free coffee', '', {AT}, {AT})"
            for _ in range(60)
        ]
    )
    assert records <= 20
    assert size <= 1800  # 1.5 to 1.7 kB: how pages happen to split


def test_what_was_planned_for_small_tables_does_not_read_large_ones_whole(purse):
    """PostgreSQL learns the size of a table now and then only, and a session keeps the plan that it made then."""
    other = Purse(wallet=purse.wallet)
    _work(purse, other, 1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_account, ledger_posting, ledger_lot, ledger_lot_use, ledger_hold")
    _work(purse, other, 12)
    before = _read_whole()
    _work(purse, other, 12)
    assert _read_whole() == before


def _work(purse: Purse, other: Purse, times: int) -> None:
    for _each in range(times):
        purse.award(50, key=(award := new_key()))
        purse.award(50, key=(pending := new_key()), pending=True)
        purse.activate(pending)
        purse.spend(30, key=(spend := new_key()))
        purse.hold(10, key=(held := new_key()))
        purse.capture(held, points=3)
        purse.give(other, 5)
        purse.reverse(spend)
        purse.reverse(award)
        balances_of(purse.subject, NOON)


def _read_whole() -> list[tuple]:
    return rows(
        "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables"
        " WHERE starts_with(relname, 'ledger') AND seq_tup_read > 0"
    )
