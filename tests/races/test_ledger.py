"""Races on the ledger, and that each of its guards is what wins them: without it the same race is lost.

A race answers with what went wrong: nothing where the ledger is whole.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.rules import Posted
from loyalty.lib.errors import Busy, DomainError
from tests.ledger.purse import NOON, Purse, day, rows, violations
from tests.races.crowd import changed_function, crowd, dropped_constraint, failures

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

Race = Callable[[], list[Any]]


def troubles(results: list[Any], *checks: tuple[str, Any, Any]) -> list[Any]:
    """Errors that reached a caller, invariants that broke, and checks (what, found, wanted) that do not hold."""
    wrong = [f"{what}: {found}, not {wanted}" for what, found, wanted in checks if found != wanted]
    return [*failures(results)[:1], *violations(), *wrong]


def done(results: list[Any]) -> int:
    return sum(isinstance(result, Posted) and not result.replayed for result in results)


def spends_of_exactly_the_balance() -> list[Any]:
    purse = Purse()
    for _ in range(5):
        purse.award(100)
    results = crowd(lambda number: purse.spend(500, key=f"spend:{number}"))
    refused = sum(isinstance(result, NotEnoughPoints) for result in results)
    return troubles(
        results, ("spends", done(results), 1), ("refusals", refused, 49), ("state", purse.state(), (0, 0, 0, 0))
    )


def two_redeem_400_of_500() -> list[Any]:
    purse = Purse()
    purse.award(500)
    results = crowd(lambda number: purse.spend(400, key=f"redeem:{number}"), 2)
    return troubles(results, ("redemptions", done(results), 1), ("state", purse.state(), (100, 0, 0, 0)))


def one_key_from_fifty() -> list[Any]:
    purse = Purse()
    results = crowd(lambda number: purse.award(500, key="purchase:shop:99"))
    return troubles(results, ("awards", done(results), 1), ("state", purse.state(), (500, 0, 0, 0)))


def one_key_to_spend_from_fifty() -> list[Any]:
    purse = Purse()
    purse.award(5000)
    results = crowd(lambda number: purse.spend(50, key="redemption:7"))
    return troubles(results, ("spends", done(results), 1), ("state", purse.state(), (4950, 0, 0, 0)))


def holds_of_exactly_the_balance() -> list[Any]:
    purse = Purse()
    purse.award(500)
    results = crowd(lambda number: purse.hold(500, key=f"bid:{number}"), 20)
    return troubles(results, ("holds", done(results), 1), ("state", purse.state(), (0, 0, 500, 0)))


def capture_against_release() -> list[Any]:
    purse = Purse()
    purse.award(500)
    purse.hold(500, key="bid")
    results = crowd(lambda number: (purse.capture if number % 2 else purse.release)("bid"), 20)
    return troubles(results, ("settled", done(results), 1), ("held", purse.state()[2], 0))


def refunds_against_spends() -> list[Any]:
    """A purchase is returned by several tills at once while its points are being spent."""
    purse = Purse()
    purse.award(500, key="purchase")

    def act(number: int) -> Posted:
        return purse.reverse("purchase", points=200) if number % 2 else purse.spend(100)

    results = crowd(act, 20)
    moved = sum(result.points for result in results if isinstance(result, Posted))
    taken = -sum(r.points for n, r in enumerate(results) if n % 2 and isinstance(r, Posted))
    return troubles(results, ("balance", purse.state()[0], 500 + moved), ("taken back", taken <= 500, True))


def expiry_against_spends() -> list[Any]:
    """The sweep runs from several workers while the points of the hour before are still being spent."""
    purse = Purse()
    for number in range(10):
        purse.award(100, expires_at=day(1 + number % 2))

    def act(number: int) -> Any:
        return purse.expire(day(1)) if number % 4 == 0 else purse.spend(30, at=day(0.99))

    results = crowd(act, 40)
    expired = sum(result.points for result in results if isinstance(result, ledger.Swept))
    spent = -sum(result.points for result in results if isinstance(result, Posted))
    return troubles(results, ("balance", rows("SELECT balance FROM ledger_account"), [(1000 - expired - spent,)]))


def gifts_in_a_ring() -> list[Any]:
    """Everyone gives to everyone at once; nobody waits for someone who waits for them."""
    rows("SELECT pg_stat_reset()")
    wallet = Purse().wallet
    purses = [Purse(wallet=wallet) for _ in range(4)]
    for purse in purses:
        purse.award(1000)

    def act(number: int) -> list[Any]:
        rows("SET deadlock_timeout = '20ms'")
        dice = random.Random(number)
        for _ in range(20):
            giver, taker = dice.sample(purses, 2)
            giver.give(taker, 1)
        return []

    results = crowd(act, 16)
    total = sum(purse.balance().active for purse in purses)
    return troubles(results, ("points", total, 4000), ("deadlocks", deadlocks(), 0))


def deadlocks() -> int:
    rows("SELECT pg_stat_clear_snapshot()")
    return rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]


RACES: list[Race] = [
    spends_of_exactly_the_balance,
    two_redeem_400_of_500,
    one_key_from_fifty,
    one_key_to_spend_from_fifty,
    holds_of_exactly_the_balance,
    capture_against_release,
    refunds_against_spends,
    expiry_against_spends,
    gifts_in_a_ring,
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_the_ledger_wins(race):
    assert race() == []


# --- Each guard removed: the same race is lost --------------------------------------------------------------------

LOCKS = "FOR NO KEY UPDATE"


def unlocked(function: str) -> AbstractContextManager[None]:
    return changed_function(function, (LOCKS, ""))


def read_then_write() -> AbstractContextManager[None]:
    """Spending as it is usually written: look at the balance, decide, write the new one."""
    return changed_function(
        "ledger_spend",
        (
            "UPDATE ledger_account SET balance = balance - p_points WHERE id = p_account AND balance >= p_points\n"
            "    RETURNING balance INTO v_answer.balance_after;",
            "SELECT balance - p_points INTO v_answer.balance_after FROM ledger_account"
            " WHERE id = p_account AND balance >= p_points; PERFORM pg_sleep(0.05);"
            " UPDATE ledger_account SET balance = v_answer.balance_after"
            " WHERE id = p_account AND v_answer.balance_after IS NOT NULL;",
        ),
    )


def no_ring_order() -> AbstractContextManager[None]:
    return changed_function(
        "ledger_transfer",
        (
            "PERFORM FROM ledger_account WHERE id IN (p_from, p_to) ORDER BY id FOR NO KEY UPDATE;",
            "PERFORM FROM ledger_account WHERE id = p_from FOR NO KEY UPDATE;"
            " PERFORM FROM ledger_account WHERE id = p_to FOR NO KEY UPDATE;",
        ),
    )


LOST: dict[str, tuple[Callable[[], AbstractContextManager[None]], Race]] = {
    "the guarded update of a spend": (read_then_write, spends_of_exactly_the_balance),
    "the lock of a hold": (lambda: unlocked("ledger_hold"), holds_of_exactly_the_balance),
    "the lock of a capture": (lambda: unlocked("ledger_capture"), capture_against_release),
    "the lock of a reversal": (lambda: unlocked("ledger_reverse"), refunds_against_spends),
    "the lock of the sweep": (lambda: unlocked("ledger_expire_lots"), expiry_against_spends),
    "the order of locks": (no_ring_order, gifts_in_a_ring),
}


@pytest.mark.parametrize("guard", LOST)
def test_without_this_guard_it_loses(guard):
    remove, race = LOST[guard]
    with remove():
        lost = next((wrong for _ in range(10) if (wrong := race())), [])
    assert lost != []


def test_without_the_unique_key_one_key_counts_many_times():
    anything = changed_function("ledger_award", ("ON CONFLICT (account_id, key) DO NOTHING", ""))
    with anything, dropped_constraint("ledger_posting", "ledger_posting_once"):
        assert "awards: 50, not 1" in one_key_from_fifty()


def test_behind_a_broken_function_the_check_is_the_last_line():
    broken = changed_function(
        "ledger_spend",
        (" AND balance >= p_points", ""),
        ("v_answer.balance_after >= ledger_past", "true OR 0 >= ledger_past"),
    )
    careless = changed_function("ledger_take", ("IF v_left > 0 THEN", "IF false THEN"))
    with broken, careless:
        purse = Purse()
        purse.award(500)
        results = crowd(lambda number: purse.spend(400), 8)
        assert done(results) == 1
        assert {type(error).__name__ for error in failures(results)} == {"IntegrityError"}
        with dropped_constraint("ledger_account", "ledger_account_owes_only_where_allowed"):
            results = crowd(lambda number: purse.spend(400), 8)
            assert done(results) == 8
            assert rows("SELECT balance FROM ledger_account") == [(500 - 9 * 400,)]
            assert "debts_come_from_reversals" in violations()


def test_without_the_trigger_history_can_be_rewritten():
    purse = Purse()
    purse.award(500)
    rows("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_keeps")
    rows("UPDATE ledger_posting SET points = 900, balance_after = 900")
    rows("ALTER TABLE ledger_posting ENABLE TRIGGER ledger_keeps")
    assert "balance_is_sum_of_postings" in violations()


def test_without_the_look_at_the_time_a_lot_past_its_instant_is_spent():
    purse = Purse()
    purse.award(100, at=day(-60), expires_at=day(-28))
    blind = changed_function("ledger_past", ("expires_at <= p_at", "false"))
    dull = changed_function("ledger_take", ("CONTINUE WHEN v_lot.expires_at <= p_at;", ""))
    with blind, dull:
        assert purse.spend(60).points == -60


def test_without_the_order_of_lots_a_later_one_is_taken():
    with changed_function("ledger_take", ("ORDER BY expires_at, id", "ORDER BY expires_at DESC, id")):
        purse = Purse()
        purse.award(100, expires_at=day(1))
        purse.award(100, expires_at=day(2))
        purse.spend(50)
        assert list(violations()) == ["earlier_lots_first"]


# --- Everything at once -------------------------------------------------------------------------------------------


def test_50_threads_200_mixed_operations_4_accounts():
    wallet = Purse().wallet
    purses = [Purse(wallet=wallet) for _ in range(4)]
    for purse in purses:
        purse.award(2000, expires_at=day(5))
    counted: Counter[int] = Counter({purse.id: 2000 for purse in purses})

    def act(number: int) -> tuple[Counter[int], Counter[str]]:
        dice, moved, seen = random.Random(number), Counter(), Counter()
        for step in range(200):
            try:
                seen[one_operation(dice, purses, f"{number}:{step}", moved)] += 1
            except DomainError as error:
                seen[error.code] += 1
        return moved, seen

    results = crowd(act)
    assert failures(results) == []
    for moved, seen in results:
        counted.update(moved)
        assert seen["busy"] == 0
    held = rows("SELECT id, balance + held FROM ledger_account WHERE id = ANY (%s)", [purse.id for purse in purses])
    assert dict(held) == dict(counted)
    assert violations() == {}


def one_operation(dice: random.Random, purses: list[Purse], key: str, moved: Counter[int]) -> str:
    """One verb with one account of the four; what it moved in or out of accounts is added to `moved`."""
    purse, other = dice.sample(purses, 2)
    points = dice.randint(1, 60)
    verb = dice.choice(
        ["award", "award", "spend", "spend", "give", "hold", "capture", "release", "undo", "again", "expire"]
    )
    if verb == "award":
        moved[purse.id] += purse.award(points, key=key, expires_at=dice.choice([None, day(3), day(9)])).points
    elif verb == "spend":
        moved[purse.id] += purse.spend(points, key=key).points
    elif verb == "give":
        purse.give(other, points, key=key)
        moved[purse.id] -= points
        moved[other.id] += points
    elif verb in ("capture", "release"):
        purse.hold(points, key=key)
        settled = getattr(purse, verb)(key, key=f"{key}:{verb}", points=dice.randint(1, points))
        moved[purse.id] += settled.points if verb == "capture" else 0
    elif verb == "hold":
        purse.hold(points, key=key)
    elif verb == "undo":
        moved[purse.id] += purse.spend(points, key=key).points
        moved[purse.id] += purse.reverse(key, key=f"{key}:undo", points=dice.randint(1, points)).points
    elif verb == "again":
        moved[purse.id] += purse.award(points, key=key).points
        assert purse.award(points, key=key).replayed
    else:
        purse.expire(NOON)
    return verb


# --- Deadlocks ----------------------------------------------------------------------------------------------------


def test_a_deadlock_with_someone_elses_transaction_is_tried_again():
    low, high = sorted((Purse(), Purse()), key=lambda purse: purse.id)
    friend = Purse(wallet=high.wallet)  # opened last: the transfer locks high first, then friend
    high.award(100)
    results = against_a_transaction(friend, high, lambda: high.give(friend, 10), waits="20ms", other_waits="20s")
    assert (low.state()[0], [type(result).__name__ for result in results]) == (0, ["NoneType", "Posted"])
    assert high.state() == (91, 0, 0, 0)
    assert friend.state() == (11, 0, 0, 0)


def test_a_deadlock_that_ends_ones_own_transaction_is_busy():
    high = Purse()
    friend = Purse(wallet=high.wallet)
    high.award(100)
    results = against_a_transaction(friend, high, lambda: high.give(friend, 10), waits="20s", other_waits="20ms")
    assert [type(result).__name__ for result in results] == ["Busy", "Posted"]
    assert (high.state()[0], friend.state()[0]) == (90, 10)


def wait_until_someone_waits() -> None:
    """For this very session: other tests of the same server have waits of their own."""
    for _ in range(2000):
        if rows("SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"):
            return
        rows("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")


def against_a_transaction(
    first: Purse, second: Purse, act: Callable[[], Any], *, waits: str, other_waits: str
) -> list[Any]:
    """What comes of a transaction that locks `first` and then `second`, and of `act`, which locks them the other way.

    `waits` and `other_waits` are how long each side waits before it looks for a deadlock: the shorter one gives way.
    """
    has_first, results = Event(), [None, None]

    def transact() -> None:
        try:
            with transaction.atomic():
                rows(f"SET LOCAL deadlock_timeout = '{other_waits}'")
                first.award(1)
                has_first.set()
                wait_until_someone_waits()
                second.award(1)
        except Busy as error:
            results[0] = error
        finally:
            connection.close()

    def acting() -> None:
        try:
            rows(f"SET deadlock_timeout = '{waits}'")
            has_first.wait(20)
            results[1] = act()
        except DomainError as error:
            results[1] = error
        finally:
            connection.close()

    threads = [Thread(target=transact), Thread(target=acting)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_someone_who_waits_no_longer_than_they_said_is_told_busy():
    purse = Purse()
    purse.award(100)
    with transaction.atomic():
        purse.spend(1)

        def impatient(_number: int) -> Posted:
            rows("SET lock_timeout = '20ms'")
            return purse.spend(1)

        (answer,) = crowd(impatient, 1)
    assert isinstance(answer, Busy)


def test_what_is_no_question_of_load_is_not_hidden():
    purse = Purse()

    def cut_off(_number: int) -> Any:
        rows("SET statement_timeout = '20ms'")
        return purse.award(1)

    with changed_function("ledger_award", ("BEGIN\n", "BEGIN\n    PERFORM pg_sleep(1);\n")):
        (answer,) = crowd(cut_off, 1)
    assert type(answer).__name__ == "OperationalError"


def test_five_deadlocks_in_a_row_are_busy():
    purse = Purse()
    with (
        changed_function(
            "ledger_award", ("BEGIN\n", "BEGIN\n    RAISE EXCEPTION 'once more' USING ERRCODE = '40P01';\n")
        ),
        pytest.raises(Busy),
    ):
        purse.award(1)
    assert purse.award(1).points == 1


def test_an_hour_of_the_clock_is_no_part_of_a_key():
    """Two tills send the same receipt an hour apart."""
    purse = Purse()

    def act(number: int) -> Posted:
        at: datetime = day(number / 24)
        return purse.award(10, key="purchase:1", at=at)

    results = crowd(act, 10)
    assert troubles(results, ("awards", done(results), 1)) == []
