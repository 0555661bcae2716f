"""Points past their instant, and bringing them back."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadInstant, KeyReused, NotEnoughPoints, NothingExpired, UnknownAccount, UnknownLot
from loyalty.ledger.queries.figures import expiring_by
from loyalty.ledger.rules import Swept
from tests.ledger.purse import NOON, Purse, day, rows


def test_s25_what_was_not_spent_expires(purse):
    purse.award(150, expires_at=day(10))
    purse.spend(50)
    assert purse.expire(day(11)) == Swept(lots=1, points=100)
    assert purse.postings()[-1] == ("expire", -100, 0)
    assert purse.state(day(11)) == (0, 0, 0, 0)


def test_s25_a_lot_that_was_all_spent_is_closed_already(purse):
    purse.award(150, expires_at=day(10))
    purse.spend(150)
    assert rows("SELECT is_open FROM ledger_lot") == [(False,)]
    assert purse.expire(day(11)) == Swept()


def test_s25_a_second_sweep_finds_nothing(purse):
    purse.award(150, expires_at=day(10))
    purse.expire(day(11))
    assert purse.expire(day(11)) == Swept()
    assert purse.postings() == [("award", 150, 150), ("expire", -150, 0)]


def test_s25_exactly_at_the_moment_it_expires(purse):
    purse.award(150, expires_at=day(10))
    assert purse.expire(day(9.999)) == Swept()
    assert purse.expire(day(10)) == Swept(1, 150)


def test_an_expiry_bears_the_lots_own_instant(purse):
    purse.award(1, expires_at=day(10))
    purse.award(2, expires_at=day(5))
    purse.expire(day(400))
    assert rows("SELECT points, event_at FROM ledger_posting WHERE kind = 'expire' ORDER BY id") == [
        (-2, day(5)),
        (-1, day(10)),
    ]


def test_each_lot_expires_for_itself(purse):
    for number in range(5):
        purse.award(10 + number, expires_at=day(1 + number))
    assert purse.expire(day(3)) == Swept(3, 33)
    assert purse.postings()[5:] == [("expire", -10, 50), ("expire", -11, 39), ("expire", -12, 27)]
    assert purse.lots() == [0, 0, 0, 13, 14]


def test_more_accounts_than_one_slice(purse):
    purses = [Purse(wallet=purse.wallet) for _ in range(ledger.SLICE + 3)]
    for each in purses:
        each.award(2, expires_at=day(1))
    assert purse.expire(day(1)) == Swept(lots=ledger.SLICE + 3, points=2 * ledger.SLICE + 6)


def test_only_the_wallets_asked_for(purse):
    other = Purse()
    for each in (purse, other):
        each.award(10, expires_at=day(1))
    assert purse.expire(day(2)) == Swept(1, 10)
    assert other.lots() == [10]


def test_points_as_of_any_date(purse):
    purse.award(10, at=day(-700), expires_at=day(-335))
    purse.award(20, expires_at=day(30))
    purse.award(40)
    wallet = purse.wallet.pk
    assert [expiring_by([wallet], at).get(wallet, 0) for at in (day(-336), day(-335), NOON, day(30))] == [0, 10, 10, 30]
    assert purse.expire(day(30)) == Swept(2, 30)
    assert expiring_by([wallet], day(30)) == {}


def test_pending_points_wait_for_their_activation(purse):
    purse.award(10, key="a", pending=True, expires_at=day(1))
    assert purse.expire(day(2)) == Swept()
    purse.activate("a", at=day(3))
    assert purse.state(day(3)) == (0, 0, 0, 0)
    assert purse.expire(day(3)) == Swept(1, 10)


def test_given_back_after_its_date_a_lot_expires_once_more(purse):
    purse.award(100, expires_at=day(10))
    purse.spend(60, key="s")
    purse.expire(day(10))
    purse.reverse("s", at=day(11), points=25)
    assert purse.state(day(11)) == (0, 0, 0, 0)
    with pytest.raises(NotEnoughPoints):
        purse.spend(1, at=day(11))
    assert purse.expire(day(11)) == Swept(1, 25)
    purse.reverse("s", at=day(12))
    assert purse.expire(day(12)) == Swept(1, 35)
    assert rows("SELECT key FROM ledger_posting WHERE kind = 'expire' ORDER BY id") == [
        (f"~expire:{lot}{suffix}",) for (lot,) in rows("SELECT id FROM ledger_lot") for suffix in ("", ":1", ":2")
    ]


def test_reinstated_points_live_again(purse):
    lot = purse.award(100, expires_at=day(10)).lot_id
    purse.spend(30)
    purse.expire(day(10))
    posted = purse.reinstate(lot, at=day(12), expires_at=day(40), reason="A kindness")
    assert (posted.points, posted.balance_after) == (70, 70)
    assert [(e.points, e.at) for e in purse.balance(day(12)).expiring] == [(70, day(40))]
    assert purse.expire(day(40)) == Swept(1, 70)
    assert purse.reinstate(lot, at=day(41)).points == 70
    assert purse.state(day(999)) == (70, 0, 0, 0)


def test_what_is_past_and_not_swept_can_be_reinstated_too(purse):
    lot = purse.award(100, expires_at=day(10)).lot_id
    assert purse.reinstate(lot, at=day(12)).points == 100
    assert purse.state(day(12)) == (100, 0, 0, 0)


def test_all_expiries_of_a_lot_are_brought_back(purse):
    lot = purse.award(100, expires_at=day(10)).lot_id
    purse.spend(60, key="s")
    purse.expire(day(10))
    purse.reverse("s", at=day(11))
    purse.expire(day(11))
    assert purse.reinstate(lot, at=day(12)).points == 100
    assert purse.lots() == [100]


def test_reinstated_to_a_debtor_they_repay_first(purse):
    lot = purse.award(100, expires_at=day(10)).lot_id
    purse.expire(day(10))
    purse.award(30, key="a")
    purse.spend(30)
    purse.reverse("a", debt_policy="unlimited")
    assert purse.reinstate(lot, key="again", at=day(11)).balance_after == 70
    assert purse.lots() == [70, 0]
    with pytest.raises(NothingExpired):
        purse.reinstate(lot, at=day(11))


def test_reinstated_once(purse):
    lot = purse.award(100, expires_at=day(10)).lot_id
    other = purse.award(100, expires_at=day(10)).lot_id
    purse.expire(day(10))
    purse.reinstate(lot, key="r", at=day(11))
    assert purse.reinstate(lot, key="r", at=day(11)).replayed
    with pytest.raises(NothingExpired):
        purse.reinstate(lot, at=day(11))
    with pytest.raises(KeyReused):
        purse.reinstate(other, key="r", at=day(11))
    assert purse.state(day(11)) == (100, 0, 0, 0)


def test_reinstating_needs_a_lot_and_a_future(purse):
    lot = purse.award(100, expires_at=day(10)).lot_id
    with pytest.raises(NothingExpired):
        purse.reinstate(lot)
    with pytest.raises(UnknownLot):
        purse.reinstate(987654321)
    with pytest.raises(BadInstant):
        purse.reinstate(lot, at=day(11), expires_at=day(11))
    with pytest.raises(UnknownAccount):
        ledger.reinstate(987654321, lot_id=lot, key="k", at=NOON, expires_at=None, actor="test")
