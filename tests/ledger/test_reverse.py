"""Corrections: debits go back into the very lots; awards are taken back as far as the debt policy lets them be."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import (
    BadPoints,
    KeyReused,
    NothingToReverse,
    NotReversible,
    OutOfRange,
    UnknownAccount,
    UnknownPosting,
)
from loyalty.ledger.queries.statement import entry_with
from loyalty.ledger.rules import Swept
from tests.ledger.purse import NOON, day, rows

# --- Debits -------------------------------------------------------------------------------------------------------


def test_a_debit_goes_back_into_the_very_lots_last_taken_first(purse):
    purse.award(50, expires_at=day(1))
    purse.award(50, expires_at=day(2))
    purse.award(50)
    purse.spend(120, key="s")
    posted = purse.reverse("s", points=60)
    assert (posted.points, posted.balance_after) == (60, 90)
    assert purse.lots() == [0, 40, 50]
    purse.reverse("s")
    assert purse.lots() == [50, 50, 50]
    assert [e.points for e in purse.balance().expiring] == [50, 50]


def test_a_capture_goes_back_into_the_lots_of_its_hold(purse):
    purse.award(50, expires_at=day(1))
    purse.award(50)
    purse.hold(80, key="h")
    purse.capture("h", key="c", points=60)
    assert purse.lots() == [0, 40]
    assert purse.reverse("c", points=20).points == 20
    assert purse.lots() == [10, 50]
    purse.reverse("c")
    assert purse.lots() == [50, 50]
    assert purse.state() == (100, 0, 0, 0)


def test_a_debit_given_back_to_a_debtor_repays_first(purse):
    purse.award(50, key="a", expires_at=day(5))
    purse.award(50)
    purse.spend(100, key="s")
    purse.reverse("a", debt_policy="unlimited")
    purse.reverse("s", points=30)
    assert purse.state() == (0, 0, 0, 20)
    purse.reverse("s")
    assert purse.state() == (50, 0, 0, 0)
    assert purse.lots() == [0, 50]


def test_a_purse_near_its_limit_cannot_be_given_back_to(purse):
    purse.award(5)
    purse.spend(5, key="s")
    rows("SET session_replication_role = replica")
    rows("UPDATE ledger_account SET balance = 9000000000000000000 WHERE id = %s", purse.id)
    with pytest.raises(OutOfRange):
        purse.reverse("s")
    rows("UPDATE ledger_account SET balance = 0 WHERE id = %s", purse.id)
    rows("SET session_replication_role = DEFAULT")


# --- Awards -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "taken", "state"),
    [("within_balance", -50, (0, 0, 0, 0)), ("unlimited", -150, (0, 0, 0, 100)), ("only_pending", 0, (50, 0, 0, 0))],
)
def test_s50_earn_150_spend_100_cancel(purse, policy, taken, state):
    purse.award(150, key="order:1")
    purse.spend(100)
    posted = purse.reverse("order:1", debt_policy=policy)
    assert (posted.points, purse.state()) == (taken, state)
    assert purse.balance().earned_total == 150 + taken


def test_s50_asking_for_more_is_asking_for_all(purse):
    purse.award(150, key="order:1")
    purse.award(500)
    assert purse.reverse("order:1", points=9999).points == -150


def test_s50_a_negative_ask_credits_nothing(purse):
    purse.award(150, key="order:1")
    for points in (-1, 0):
        with pytest.raises(BadPoints):
            purse.reverse("order:1", points=points)
    assert purse.state() == (150, 0, 0, 0)


@pytest.mark.parametrize(
    ("policy", "taken", "state"),
    [("only_pending", -40, (10, 0, 0, 0)), ("within_balance", -50, (0, 0, 0, 0)), ("unlimited", -100, (0, 0, 0, 50))],
)
def test_s56_sixty_active_of_which_fifty_spent_and_forty_pending(purse, policy, taken, state):
    purse.award(60, key="order:1")
    purse.spend(50)
    purse.award(40, key="order:1:later", pending=True)
    posted = [purse.reverse(key, debt_policy=policy) for key in ("order:1", "order:1:later")]
    assert (sum(each.points for each in posted), purse.state()) == (taken, state)


def test_s56_in_one_reversal_pending_points_go_before_active_ones(purse):
    purse.award(100, key="order:1")
    purse.spend(100)
    purse.award(40, key="later", pending=True)
    purse.award(30)
    posted = purse.reverse("order:1", points=60, key="r")
    assert (posted.points, posted.balance_after) == (-60, 10)
    assert purse.state() == (10, 0, 0, 0)
    again = purse.reverse("order:1", points=60, key="r")
    assert (again.points, again.posting_id, again.replayed) == (-60, posted.posting_id, True)


def test_the_youngest_pending_points_go_first(purse):
    purse.award(100, key="order:1")
    purse.spend(100)
    for _ in range(3):
        purse.award(10, pending=True)
    purse.reverse("order:1", points=15, debt_policy="only_pending")
    assert purse.lots() == [0, 10, 5, 0]


def test_s53_what_was_recorded_is_taken_whatever_the_rate_is_now(purse):
    purse.award(100, key="purchase:1")
    assert purse.reverse("purchase:1").points == -100


@pytest.mark.parametrize(("granted", "shares"), [(99, [33, 33, 33]), (100, [33, 33, 34])])
def test_s55_three_lines_returned_one_by_one_sum_to_the_award(purse, granted, shares):
    purse.award(granted, key="order:1")
    for number, share in enumerate(shares):
        assert purse.reverse("order:1", key=f"back:{number}", points=share).points == -share
    with pytest.raises(NothingToReverse):
        purse.reverse("order:1", points=1)
    assert purse.state() == (0, 0, 0, 0)


def test_its_own_lot_goes_first_though_others_end_earlier(purse):
    purse.award(100, expires_at=day(1))
    purse.award(100, key="order:2")
    purse.reverse("order:2", points=70)
    assert purse.lots() == [100, 30]


def test_other_lots_follow_in_the_order_of_spending(purse):
    purse.award(100, key="order:1", expires_at=day(1))
    purse.spend(80)
    purse.award(50)
    purse.award(50, expires_at=day(9))
    purse.reverse("order:1")
    assert purse.lots() == [0, 20, 0]


def test_what_the_policy_spares_is_spared_for_good(purse):
    purse.award(100, key="order:1")
    purse.spend(80)
    assert purse.reverse("order:1", points=70, key="r").points == -20
    assert entry_with(purse.id, "r").waived == 50
    purse.award(500)
    assert purse.reverse("order:1").points == -30
    with pytest.raises(NothingToReverse):
        purse.reverse("order:1")
    assert purse.state() == (470, 0, 0, 0)


def test_a_return_that_found_nothing_stays_at_nothing(purse):
    purse.award(100, key="order:1")
    purse.spend(100)
    assert purse.reverse("order:1", key="back:1").points == 0
    purse.award(500)
    again = purse.reverse("order:1", key="back:1")
    assert (again.points, again.replayed) == (0, True)
    assert purse.state() == (500, 0, 0, 0)


@pytest.mark.parametrize("swept", [False, True])
def test_what_expired_of_it_is_not_taken_from_other_points(purse, swept):
    purse.award(100, key="order:1", expires_at=day(10))
    purse.spend(30)
    purse.award(500)
    if swept:
        assert purse.expire(day(11)) == Swept(1, 70)
    assert purse.reverse("order:1", at=day(11)).points == -30
    assert purse.state(day(11)) == (470, 0, 0, 0)


def test_in_parts_too_what_expired_counts_once(purse):
    purse.award(100, key="order:1", expires_at=day(10))
    purse.spend(30)
    purse.award(500)
    taken = [purse.reverse("order:1", at=day(11), points=50).points for _ in range(2)]
    assert taken == [0, -30]


def test_an_activated_award_is_taken_from_where_it_is_now(purse):
    purse.award(100, key="a", pending=True)
    purse.activate("a")
    assert purse.reverse("a", debt_policy="only_pending", points=40).points == 0
    assert purse.reverse("a").points == -60
    assert purse.lots() == [40]


def test_a_pending_award_partly_and_then_wholly(purse):
    purse.award(100, key="a", pending=True)
    posted = purse.reverse("a", points=30)
    assert (posted.points, posted.balance_after) == (-30, 70)
    assert purse.reverse("a", debt_policy="only_pending").points == -70
    assert purse.balance().earned_total == 0


def test_what_was_cancelled_is_reversed_already(purse):
    purse.award(100, key="a", pending=True, cancel_at=day(1))
    ledger.cancel_due(wallet_ids=[purse.wallet.pk], at=day(1), actor="job")
    with pytest.raises(NothingToReverse):
        purse.reverse("a", at=day(2))


def test_a_debt_that_was_repaid_from_it_is_not_forgotten(purse):
    purse.award(100, key="a")
    purse.spend(100)
    purse.reverse("a", debt_policy="unlimited")
    purse.award(150, key="b")
    assert purse.state() == (50, 0, 0, 0)
    assert purse.reverse("b", debt_policy="unlimited").points == -150
    assert purse.state() == (0, 0, 0, 100)


# --- Keys and refusals --------------------------------------------------------------------------------------------


def test_reversed_twice_is_once(purse):
    purse.award(100, key="a")
    first = purse.reverse("a", key="r", points=40)
    again = purse.reverse("a", key="r", points=40)
    assert again == ledger.Posted(first.posting_id, purse.id, -40, 60, None, replayed=True)
    assert purse.reverse("a", key="r").replayed
    with pytest.raises(KeyReused):
        purse.reverse("a", key="r", points=39)
    purse.award(100, key="b")
    with pytest.raises(KeyReused):
        purse.reverse("b", key="r", points=40)
    assert purse.state() == (160, 0, 0, 0)


def test_some_things_have_a_reversal_of_their_own(purse):
    purse.award(100, key="a", expires_at=day(1))
    purse.award(10, key="p", pending=True)
    purse.activate("p", key="activation")
    purse.hold(30, key="h")
    purse.release("h", key="release")
    purse.expire(day(2))
    lot = rows("SELECT min(id) FROM ledger_lot")[0][0]
    purse.reinstate(lot, key="reinstatement", at=day(3))
    purse.reverse("a", key="reversal", points=1)
    for key in ("activation", "h", "release", "reinstatement", "reversal", f"~expire:{lot}"):
        with pytest.raises(NotReversible):
            purse.reverse(key)


def test_there_must_be_something_to_reverse(purse):
    with pytest.raises(UnknownPosting):
        purse.reverse("no")
    with pytest.raises(UnknownAccount):
        ledger.reverse(987654321, posting_key="a", key="k", at=NOON, actor="test", reason="")
    with pytest.raises(ValueError, match="no debt policy"):
        purse.reverse("no", debt_policy="generous")
