"""Points set aside, taken, given back."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import (
    BadInstant,
    HoldClosed,
    KeyReused,
    MoreThanHeld,
    NotEnoughPoints,
    UnknownAccount,
    UnknownPosting,
)
from loyalty.ledger.queries.lots import holds_of
from loyalty.ledger.rules import Swept
from tests.ledger.purse import NOON, Purse, day, rows


def held_postings(purse: Purse) -> list[tuple[str, int, int]]:
    return rows(
        "SELECT kind, points, balance_after FROM ledger_posting WHERE account_id = %s AND bucket = 2 ORDER BY id",
        purse.id,
    )


def test_a_hold_takes_points_out_of_their_lots(purse):
    purse.award(100, expires_at=day(1))
    purse.award(100)
    posted = purse.hold(150, key="bid:1", source="auction:3")
    assert (posted.points, posted.balance_after) == (-150, 50)
    assert purse.state() == (50, 0, 150, 0)
    assert purse.lots() == [0, 50]
    assert held_postings(purse) == [("hold", 150, 150)]
    (held,) = holds_of(purse.subject)
    assert (held.key, held.points, held.until, held.source) == ("bid:1", 150, day(7), "auction:3")


def test_a_capture_takes_them_for_good(purse):
    purse.award(100)
    purse.hold(60, key="bid:1")
    posted = purse.capture("bid:1")
    assert (posted.points, posted.balance_after) == (-60, 0)
    assert purse.state() == (40, 0, 0, 0)
    assert holds_of(purse.subject) == []
    assert rows("SELECT captured, released, resolved_at FROM ledger_hold") == [(60, 0, NOON)]


def test_a_capture_of_a_part_gives_the_rest_back(purse):
    purse.award(100, expires_at=day(1))
    purse.award(100)
    purse.hold(150, key="order:1")
    posted = purse.capture("order:1", points=70)
    assert posted.points == -70
    assert purse.state() == (130, 0, 0, 0)
    assert purse.lots() == [30, 100]  # last taken, first put back
    assert held_postings(purse) == [("hold", 150, 150), ("capture", -70, 80), ("release", -80, 0)]


def test_a_release_puts_them_back_where_they_were(purse):
    purse.award(100, expires_at=day(1))
    purse.award(100)
    purse.hold(150, key="bid:1")
    posted = purse.release("bid:1")
    assert (posted.points, posted.balance_after) == (150, 200)
    assert purse.lots() == [100, 100]


def test_a_release_of_a_part_leaves_the_rest_held(purse):
    purse.award(100)
    purse.hold(60, key="bid:1")
    purse.release("bid:1", points=20)
    assert purse.state() == (60, 0, 40, 0)
    purse.capture("bid:1", points=15)
    assert purse.state() == (85, 0, 0, 0)


def test_a_hold_is_settled_once(purse):
    purse.award(100)
    purse.hold(60, key="bid:1")
    purse.capture("bid:1")
    for verb in (purse.capture, purse.release):
        with pytest.raises(HoldClosed):
            verb("bid:1")


def test_no_more_than_is_held(purse):
    purse.award(100)
    purse.hold(60, key="bid:1")
    for verb in (purse.capture, purse.release):
        with pytest.raises(MoreThanHeld):
            verb("bid:1", points=61)


def test_each_step_is_one_act_however_often_it_is_sent(purse):
    purse.award(200)
    assert purse.hold(60, key="h").replayed is False
    assert purse.hold(60, key="h").replayed is True
    purse.hold(60, key="h2")
    assert purse.capture("h", key="c", points=50).replayed is False
    again = purse.capture("h", key="c", points=50)
    assert (again.replayed, again.points) == (True, -50)
    assert purse.capture("h", key="c").replayed
    assert purse.release("h2", key="r").replayed is False
    assert purse.release("h2", key="r").replayed is True
    assert purse.state() == (150, 0, 0, 0)


def test_a_key_is_for_one_content(purse):
    purse.award(200)
    purse.hold(60, key="h")
    purse.hold(60, key="h2")
    with pytest.raises(KeyReused):
        purse.hold(61, key="h")
    purse.capture("h", key="c", points=50)
    for again in ({"points": 40}, {"contra": "donated"}, {"source": "x"}):
        with pytest.raises(KeyReused):
            purse.capture(**({"hold_key": "h", "key": "c", "points": 50} | again))
    with pytest.raises(KeyReused):
        purse.capture("h2", key="c", points=50)
    with pytest.raises(KeyReused):
        purse.release("h2", key="c")


def test_only_what_can_be_spent_can_be_held(purse):
    purse.award(100, at=day(-9), expires_at=day(-1))
    purse.award(50)
    with pytest.raises(NotEnoughPoints):
        purse.hold(51)
    purse.hold(50)


def test_past_its_end_a_hold_cannot_be_captured_job_or_no_job(purse):
    purse.award(100)
    purse.hold(60, key="bid:1", until=day(2))
    with pytest.raises(HoldClosed):
        purse.capture("bid:1", at=day(2))
    assert purse.release("bid:1", at=day(2)).points == 60


def test_holds_past_their_end_are_released(purse):
    purse.award(100)
    purse.hold(10, key="a", until=day(1))
    purse.hold(20, key="b", until=day(2))
    purse.hold(40, key="c", until=day(3))
    purse.release("b", points=5)
    due = {"wallet_ids": [purse.wallet.pk], "actor": "job:release_holds"}
    assert ledger.release_due(**due, at=day(2)) == Swept(lots=2, points=25)
    assert ledger.release_due(**due, at=day(2)) == Swept()
    assert purse.state() == (60, 0, 40, 0)
    assert rows("SELECT event_at FROM ledger_posting WHERE key LIKE '~release:%%' ORDER BY id") == [
        (day(1),),
        (day(2),),
    ]


def test_points_given_back_after_their_date_are_past(purse):
    purse.award(100, expires_at=day(3))
    purse.hold(60, key="bid:1")
    assert purse.expire(day(4)) == Swept(1, 40)
    purse.release("bid:1", at=day(5))
    assert purse.state(day(5)) == (0, 0, 0, 0)
    assert purse.expire(day(5)) == Swept(1, 60)


def test_what_is_given_back_to_a_debtor_repays_first(purse):
    purse.award(100, key="a", expires_at=day(9))
    purse.award(100, expires_at=day(19))
    purse.hold(150, key="h")
    purse.reverse("a", debt_policy="unlimited")
    assert purse.state() == (0, 0, 150, 50)
    purse.release("h", points=30)
    assert purse.state() == (0, 0, 120, 20)
    purse.release("h")
    assert purse.state() == (100, 0, 0, 0)
    assert purse.lots() == [50, 50]


def test_there_must_be_a_hold(purse):
    purse.award(100, key="a")
    for hold_key in ("no", "a"):
        with pytest.raises(UnknownPosting):
            purse.capture(hold_key)
        with pytest.raises(UnknownPosting):
            purse.release(hold_key)
    for verb in (ledger.capture, ledger.release):
        with pytest.raises(UnknownAccount):
            verb(987654321, hold_key="h", key="k", at=NOON, actor="test")
    with pytest.raises(UnknownAccount):
        ledger.hold(987654321, points=1, key="k", at=NOON, until=day(1), actor="test")


def test_a_hold_ends_after_it_begins(purse):
    with pytest.raises(BadInstant):
        purse.hold(1, until=NOON)
