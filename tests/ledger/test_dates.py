"""Lots' dates: sliding expiry and changes of policy."""

from datetime import date

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import BadInstant, KeyReused, UnknownAccount
from loyalty.ledger.queries.lots import SameEnd, holders_of, same_ends
from loyalty.ledger.rules import Swept
from tests.ledger.purse import NOON, Purse, day, rows


def ends(purse: Purse) -> list:
    return [end for (end,) in rows("SELECT expires_at FROM ledger_lot WHERE account_id = %s ORDER BY id", purse.id)]


def test_activity_prolongs_what_would_end_before(purse):
    purse.award(10, expires_at=day(10))
    purse.award(20, expires_at=day(90))
    purse.award(40)
    purse.award(80, pending=True, expires_at=day(20))
    assert purse.extend(day(60)) == Swept(2, 90)
    assert ends(purse) == [day(60), day(90), None, day(60)]


def test_what_is_past_stays_past(purse):
    purse.award(10, expires_at=day(10))
    assert purse.extend(day(60), at=day(10)) == Swept()
    assert purse.expire(day(10)) == Swept(1, 10)


def test_prolonged_twice_is_once(purse):
    purse.award(10, expires_at=day(10))
    purse.extend(day(60), key="activity:1")
    purse.award(20, expires_at=day(10))
    assert purse.extend(day(60), key="activity:1") == Swept(1, 10)
    assert ends(purse) == [day(60), day(10)]
    with pytest.raises(KeyReused):
        purse.extend(day(61), key="activity:1")
    with pytest.raises(UnknownAccount):
        ledger.extend(987654321, until=day(1), key="k", at=NOON, actor="test")


def test_an_extension_of_nothing_is_remembered_too(purse):
    assert purse.extend(day(60), key="activity:1") == Swept()
    purse.award(20, expires_at=day(10))
    assert purse.extend(day(60), key="activity:1") == Swept()
    assert ends(purse) == [day(10)]


def test_what_was_changed_is_written_down(purse):
    lot = purse.award(10, expires_at=day(10)).lot_id
    purse.extend(day(60), actor="api:1")
    assert rows("SELECT kind, actor, points, lots, was, becomes FROM ledger_redating") == [
        ("extend", "api:1", 10, [lot], [day(10)], [day(60)])
    ]


def redate(purse: Purse, ends, key="policy:1", at=NOON) -> Swept:
    return ledger.redate(purse.wallet.pk, ends=ends, zone="Europe/Oslo", key=key, at=at, actor="staff:1")


TODAY = date(2026, 3, 1)
FRIDAY, SATURDAY = date(2026, 2, 27), date(2026, 2, 28)


def test_the_order_of_spending_follows_the_dates_of_the_moment(purse):
    purse.award(10, expires_at=day(10))
    purse.award(20, expires_at=day(20))
    purse.spend(5)
    redate(purse, {(TODAY, day(10)): day(30)})
    purse.award(40, expires_at=day(25))
    purse.spend(25)
    assert purse.lots() == [5, 0, 35]
    purse.extend(day(99))
    purse.spend(6)
    assert purse.lots() == [0, 0, 34]


def test_a_new_policy_moves_lots_by_the_day_on_which_they_were_earned(purse):
    other = Purse(wallet=purse.wallet)
    purse.award(10, at=day(-1.5))  # 28 Feb 00:00 UTC, 01:00 in Oslo
    purse.award(20, at=day(-1.52))  # 27 Feb 23:31 UTC, which is 28 Feb in Oslo
    purse.award(40, at=day(-1.6))  # 27 Feb 21:36 UTC
    other.award(80, at=day(-1.5), pending=True, expires_at=day(5))
    groups = same_ends(purse.wallet.pk, zone="Europe/Oslo", at=NOON)
    assert groups == [
        SameEnd(FRIDAY, None, 1, 40),
        SameEnd(SATURDAY, day(5), 1, 80),
        SameEnd(SATURDAY, None, 2, 30),
    ]
    assert holders_of(purse.wallet.pk, groups, zone="Europe/Oslo") == 2
    assert holders_of(purse.wallet.pk, groups[1:2], zone="Europe/Oslo") == 1
    moved = redate(
        purse, {(SATURDAY, None): day(100), (SATURDAY, day(5)): None, (SATURDAY, day(6)): day(9), (FRIDAY, None): None}
    )
    assert moved == Swept(3, 110)
    assert ends(purse) == [day(100), day(100), None]
    assert ends(other) == [None]


def test_resumed_it_moves_nothing_twice(purse):
    purse.award(10)
    redate(purse, {(TODAY, None): day(100)})
    purse.award(20)
    assert redate(purse, {(TODAY, None): day(100)}) == Swept()
    assert redate(purse, {(TODAY, None): day(100)}, key="policy:2") == Swept(1, 20)


def test_a_policy_takes_nothing_at_once_and_wakes_nothing(purse):
    purse.award(10, expires_at=day(1))
    assert redate(purse, {(TODAY, day(1)): day(100)}, at=day(1)) == Swept()
    for end in (day(1), day(0)):
        with pytest.raises(BadInstant):
            redate(purse, {(TODAY, day(1)): end}, at=day(1))
    assert purse.expire(day(1)) == Swept(1, 10)


def test_a_purse_without_points_is_left_alone(purse):
    purse.award(10)
    purse.spend(10)
    assert redate(purse, {(TODAY, None): day(100)}) == Swept()
