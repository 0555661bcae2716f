"""Pending points: activated by an instant or an event, or cancelled."""

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadInstant, KeyReused, NotPending, UnknownAccount, UnknownPosting
from loyalty.ledger.rules import Swept
from tests.ledger.purse import NOON, Purse, day, rows


def activate_due(purse: Purse, at) -> Swept:
    return ledger.activate_due(wallet_ids=[purse.wallet.pk], at=at, actor="job:activate_points")


def cancel_due(purse: Purse, at) -> Swept:
    return ledger.cancel_due(wallet_ids=[purse.wallet.pk], at=at, actor="job:activate_points")


def pending_postings(purse: Purse) -> list[tuple[str, int, int]]:
    return rows(
        "SELECT kind, points, balance_after FROM ledger_posting WHERE account_id = %s AND bucket = 1 ORDER BY id",
        purse.id,
    )


def test_a_confirmation_makes_them_active(purse):
    award = purse.award(100, key="purchase:1", pending=True, cancel_at=day(30), expires_at=day(365))
    posted = purse.activate("purchase:1", key="confirm:1", at=day(3))
    assert (posted.points, posted.balance_after, posted.lot_id) == (100, 100, award.lot_id)
    assert purse.state() == (100, 0, 0, 0)
    assert purse.balance().earned_total == 100
    assert [(e.points, e.at) for e in purse.balance().expiring] == [(100, day(365))]
    assert pending_postings(purse) == [("award", 100, 100), ("activate", -100, 0)]
    purse.spend(100)


def test_their_life_may_begin_with_the_activation(purse):
    purse.award(10, key="a", pending=True, expires_at=day(365))
    purse.award(20, key="b", pending=True, expires_at=day(365))
    purse.activate("a", expires_at=day(400))
    purse.activate("b", expires_at=None)
    assert [(e.points, e.at) for e in purse.balance().expiring] == [(10, day(400))]
    with pytest.raises(BadInstant):
        purse.activate("b", expires_at=day(1).replace(tzinfo=None))


def test_confirmed_twice_is_once(purse):
    purse.award(100, key="a", pending=True)
    purse.activate("a", key="c")
    assert purse.activate("a", key="c").replayed
    with pytest.raises(NotPending):
        purse.activate("a", key="another")
    purse.award(100, key="b", pending=True)
    with pytest.raises(KeyReused):
        purse.activate("b", key="c")


def test_there_must_be_pending_points(purse):
    purse.award(100, key="a")
    purse.spend(10, key="s")
    with pytest.raises(NotPending):
        purse.activate("a")
    for key in ("no", "s"):
        with pytest.raises(UnknownPosting):
            purse.activate(key)
    with pytest.raises(UnknownAccount):
        ledger.activate(987654321, award_key="a", key="k", at=NOON, actor="test")


def test_what_is_left_becomes_active(purse):
    purse.award(100, key="a", pending=True)
    purse.reverse("a", points=30)
    assert purse.activate("a").points == 70


def test_their_instant_makes_them_active(purse):
    purse.award(10, pending=True, activates_at=day(1))
    purse.award(20, pending=True, activates_at=day(2))
    purse.award(40, pending=True, activates_at=day(3))
    purse.award(80, pending=True)
    assert activate_due(purse, day(2)) == Swept(2, 30)
    assert activate_due(purse, day(2)) == Swept()
    assert purse.state() == (30, 120, 0, 0)
    assert rows("SELECT event_at FROM ledger_posting WHERE kind = 'activate' AND bucket = 0 ORDER BY id") == [
        (day(1),),
        (day(2),),
    ]


def test_a_debt_is_repaid_when_they_become_active(purse):
    purse.award(100, key="a")
    purse.spend(100)
    purse.reverse("a", debt_policy="unlimited")
    for number in range(3):
        purse.award(40, key=f"p{number}", pending=True, activates_at=day(1 + number))
    purse.activate("p0")
    assert purse.state() == (0, 80, 0, 60)
    activate_due(purse, day(3))
    assert purse.state() == (20, 0, 0, 0)
    assert purse.lots() == [0, 0, 0, 20]


def test_nobody_confirmed_in_time(purse):
    purse.award(10, pending=True, cancel_at=day(1))
    purse.award(20, pending=True, cancel_at=day(2))
    purse.award(40, pending=True, contra="bought", cancel_at=day(2))
    assert cancel_due(purse, day(1)) == Swept(1, 10)
    assert cancel_due(purse, day(2)) == Swept(2, 60)
    assert cancel_due(purse, day(2)) == Swept()
    assert purse.state() == (0, 0, 0, 0)
    assert purse.balance().earned_total == 0


def test_of_two_instants_the_earlier_wins_whichever_job_runs_first(purse):
    for verb in (cancel_due, activate_due):
        purse.award(10, pending=True, activates_at=day(1), cancel_at=day(2))
        purse.award(20, pending=True, activates_at=day(2), cancel_at=day(1))
        assert verb(purse, day(9)) == Swept(1, 20 if verb is cancel_due else 10)
        activate_due(purse, day(9))
        cancel_due(purse, day(9))
    assert purse.state() == (20, 0, 0, 0)


def test_cancelling_is_reversing_a_pending_award(purse):
    purse.award(100, key="a", pending=True)
    assert purse.reverse("a").points == -100
    assert purse.state() == (0, 0, 0, 0)
    assert purse.balance().earned_total == 0


def test_only_the_wallets_asked_for(purse):
    purse.award(10, pending=True, activates_at=day(1))
    assert ledger.activate_due(wallet_ids=[purse.wallet.pk + 1], at=day(2), actor="job") == Swept()


def test_jobs_are_told_the_time(purse):
    for sweep in (ledger.activate_due, ledger.cancel_due, ledger.expire_due, ledger.release_due):
        with pytest.raises(BadInstant):
            sweep(wallet_ids=[purse.wallet.pk], at=NOON.replace(tzinfo=None), actor="job")
