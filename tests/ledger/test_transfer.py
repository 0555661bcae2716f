"""Points from one member to another."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import (
    DifferentWallets,
    KeyReused,
    NotEnoughPoints,
    NotReversible,
    OutOfRange,
    SameAccount,
    UnknownAccount,
)
from tests.ledger.purse import NOON, Purse, day, rows


@pytest.fixture
def friend(purse) -> Purse:
    return Purse(wallet=purse.wallet)


def test_points_keep_their_dates(purse, friend):
    purse.award(100, at=day(-5), expires_at=day(10))
    purse.award(100, at=day(-4))
    posted = purse.give(friend, 130, note="Happy birthday")
    assert (posted.account_id, posted.points, posted.balance_after) == (purse.id, -130, 70)
    assert friend.state() == (130, 0, 0, 0)
    assert rows(
        "SELECT granted, earned_at, expires_at FROM ledger_lot WHERE account_id = %s ORDER BY id", friend.id
    ) == [
        (100, day(-5), day(10)),
        (30, day(-4), None),
    ]


def test_it_is_two_postings_that_name_each_other(purse, friend):
    purse.award(100)
    purse.give(friend, 100)
    mine, theirs = rows(
        "SELECT account_id, points, contra_account_id, transfer FROM ledger_posting WHERE kind = 'transfer' ORDER BY id"
    )
    assert mine[:3] == (purse.id, -100, friend.id)
    assert theirs[:3] == (friend.id, 100, purse.id)
    assert mine[3] == theirs[3]


def test_what_is_given_is_not_earned(purse, friend):
    purse.award(100)
    purse.give(friend, 100)
    assert friend.balance().earned_total == 0
    assert purse.balance().earned_total == 100


def test_given_twice_is_once(purse, friend):
    purse.award(100)
    first = purse.give(friend, 40, key="gift:1")
    again = purse.give(friend, 40, key="gift:1")
    assert (again.posting_id, again.replayed) == (first.posting_id, True)
    assert friend.state() == (40, 0, 0, 0)


def test_the_key_is_for_one_content_on_both_accounts(purse, friend):
    purse.award(100)
    purse.give(friend, 40, key="gift:1")
    with pytest.raises(KeyReused):
        purse.give(friend, 41, key="gift:1")
    with pytest.raises(KeyReused):
        purse.give(Purse(wallet=purse.wallet), 40, key="gift:1")
    friend.award(1, key="gift:2")
    with pytest.raises(KeyReused):
        purse.give(friend, 40, key="gift:2")
    assert purse.state() == (60, 0, 0, 0)


def test_only_what_can_be_spent_can_be_given(purse, friend):
    purse.award(100, at=day(-9), expires_at=day(-1))
    purse.award(50)
    with pytest.raises(NotEnoughPoints):
        purse.give(friend, 51)


def test_what_a_debtor_receives_repays_first(purse, friend):
    friend.award(100, key="a")
    friend.spend(100)
    friend.reverse("a", debt_policy="unlimited")
    for number in range(4):
        purse.award(40, expires_at=day(1 + number))
    purse.give(friend, 150)
    assert friend.state() == (50, 0, 0, 0)
    assert friend.lots() == [0, 0, 0, 20, 30]
    assert purse.lots() == [0, 0, 0, 10]


def test_within_one_wallet_between_two_accounts_that_exist(purse, friend):
    purse.award(100)
    with pytest.raises(SameAccount):
        purse.give(purse, 1)
    with pytest.raises(DifferentWallets):
        purse.give(Purse(), 1)
    for from_id, to_id in ((purse.id, 987654321), (987654321, purse.id)):
        with pytest.raises(UnknownAccount):
            ledger.transfer(from_id, to_id, points=1, key="k", at=NOON, actor="test")


def test_nobody_can_be_given_more_than_an_account_holds(purse, friend):
    purse.award(100)
    rows("SET session_replication_role = replica")
    rows("UPDATE ledger_account SET held = 9000000000000000000 WHERE id = %s", friend.id)
    with pytest.raises(OutOfRange):
        purse.give(friend, 1)
    rows("UPDATE ledger_account SET held = 0 WHERE id = %s", friend.id)
    rows("SET session_replication_role = DEFAULT")


def test_a_gift_is_taken_back_by_giving_it_back(purse, friend):
    purse.award(100, expires_at=day(3))
    purse.give(friend, 100, key="gift:1")
    with pytest.raises(NotReversible):
        purse.reverse("gift:1")
    friend.give(purse, 100)
    assert purse.expire(day(3)).points == 100
