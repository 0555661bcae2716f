"""Points out: which lots a debit takes, and when it is refused."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadPoints, KeyReused, NotEnoughPoints, UnknownAccount
from loyalty.ledger.queries.statement import uses_of
from tests.ledger.purse import NOON, day, rows


def test_s19_the_lot_that_ends_goes_before_the_one_that_never_does(purse):
    purse.award(100)
    purse.award(100, expires_at=day(92))
    posted = purse.spend(60)
    assert purse.lots() == [100, 40]
    assert (posted.points, posted.balance_after, posted.lot_id) == (-60, 140, None)


def test_s20_the_debit_shows_which_lots_it_took(purse):
    march, april = purse.award(100, expires_at=day(1)), purse.award(100, expires_at=day(32))
    posted = purse.spend(150)
    assert purse.lots() == [0, 50]
    assert [(use.lot_id, use.points) for use in uses_of(purse.id, posted.posting_id)] == [
        (march.lot_id, 100),
        (april.lot_id, 50),
    ]


def test_lots_that_end_together_go_oldest_first(purse):
    purse.award(10, expires_at=day(5))
    purse.award(10, expires_at=day(5))
    purse.spend(12)
    assert purse.lots() == [0, 8]


def test_s23_a_lot_past_its_instant_is_not_spendable_before_the_sweep(purse):
    purse.award(100, at=day(-60), expires_at=day(-28))
    assert purse.state() == (0, 0, 0, 0)
    with pytest.raises(NotEnoughPoints):
        purse.spend(60)
    assert purse.lots() == [100]


def test_a_spend_goes_round_what_is_past_and_not_swept(purse):
    purse.award(100, at=day(-60), expires_at=day(-28))
    purse.award(70, expires_at=day(1))
    with pytest.raises(NotEnoughPoints):
        purse.spend(71)
    purse.spend(70)
    assert purse.lots() == [100, 0]
    assert purse.expire(NOON).points == 100


def test_at_its_very_instant_a_lot_is_past(purse):
    purse.award(100, expires_at=day(3))
    with pytest.raises(NotEnoughPoints):
        purse.spend(1, at=day(3))
    assert purse.spend(1, at=day(2.999)).points == -1


def test_pending_and_held_points_are_not_spendable(purse):
    purse.award(100, pending=True)
    purse.award(50, key="a")
    purse.hold(30)
    with pytest.raises(NotEnoughPoints):
        purse.spend(21)
    purse.spend(20)
    assert purse.state() == (0, 100, 30, 0)


def test_exactly_everything_can_be_spent_and_nothing_more(purse):
    purse.award(500)
    with pytest.raises(NotEnoughPoints):
        purse.spend(501)
    assert purse.spend(500).balance_after == 0
    with pytest.raises(NotEnoughPoints):
        purse.spend(1)


def test_s38_the_same_form_twice_is_one_redemption(purse):
    purse.award(500)
    first = purse.spend(200, key="redemption:form-7")
    again = purse.spend(200, key="redemption:form-7")
    assert again == ledger.Posted(first.posting_id, purse.id, -200, 300, None, replayed=True)
    assert purse.state() == (300, 0, 0, 0)


def test_a_replay_answers_though_nothing_is_left(purse):
    purse.award(500)
    purse.spend(500, key="all")
    assert purse.spend(500, key="all").replayed
    with pytest.raises(KeyReused):
        purse.spend(400, key="all")


def test_a_key_of_an_award_is_no_key_for_a_spend(purse):
    purse.award(500, key="a")
    with pytest.raises(KeyReused):
        purse.spend(500, key="a")
    assert purse.state() == (500, 0, 0, 0)


def test_s41_used_three_issued_one(purse):
    purse.award(4)
    purse.spend(1, key="reward:1")
    purse.spend(2, key="reward:2")
    purse.award(1, key="purchase:1")
    assert purse.postings() == [("award", 4, 4), ("spend", -1, 3), ("spend", -2, 1), ("award", 1, 2)]
    assert purse.state() == (2, 0, 0, 0)


def test_s29_two_orders_then_day_91_of_a_90_day_policy(purse):
    purse.award(575, key="order:1", expires_at=day(90))
    purse.spend(500)
    assert purse.lots() == [75]
    purse.award(805, key="order:2", expires_at=day(90))
    purse.spend(500)
    assert purse.lots() == [0, 380]
    assert purse.state(day(91)) == (0, 0, 0, 0)
    assert purse.expire(day(91)).points == 380


def test_a_spend_takes_from_as_many_lots_as_it_needs(purse):
    for number in range(60):
        purse.award(3, expires_at=day(60 - number))
    posted = purse.spend(100)
    assert purse.uses(posted.posting_id) == [3] * 33 + [1]
    assert purse.lots() == [3] * 26 + [2] + [0] * 33


@pytest.mark.parametrize("points", [0, -60])
def test_a_negative_spend_is_no_award(purse, points):
    purse.award(100)
    with pytest.raises(BadPoints):
        purse.spend(points)
    assert purse.state() == (100, 0, 0, 0)


def test_nobody_cannot_spend(db):
    with pytest.raises(UnknownAccount):
        ledger.spend(123456789, points=1, key="a", at=NOON, actor="test")


def test_where_points_went_is_the_callers_word(purse):
    purse.award(100)
    purse.spend(60, kind="donation", contra="donated")
    assert rows("SELECT kind, contra FROM ledger_posting WHERE points = -60") == [("donation", "donated")]
    with pytest.raises(ValueError, match="belongs to the ledger"):
        purse.spend(1, contra="expired")
