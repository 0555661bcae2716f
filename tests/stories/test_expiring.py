"""Scenarios in which points run out: which lots are taken, when they end, who is spared (letters of `scenarios`)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.queries.statement import uses_of
from loyalty.ledger.rules import Swept
from loyalty.lib import clock
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.rules.expiry import last_day
from loyalty.programs.services.jobs import expire_points
from loyalty.programs.services.policies import change_wallet_policy
from tests.ledger.purse import violations
from tests.till import active, buy, live_by
from tests.world import earn

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _proved(world):
    yield
    assert violations() == {}


@pytest.fixture
def spend(world):
    account = ledger.open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)

    def spend(points, *, at, key="spend"):
        return ledger.spend(account, points=points, key=key, at=at, actor="test")

    return spend


def left(member):
    return [lot.remaining for lot in sorted(lots_of(member, with_used=True), key=lambda lot: lot.id)]


def test_s19_what_ends_first_is_spent_first(world, spend):
    earn(world.ada, 100, key="never", at=FEBRUARY)
    earn(world.ada, 100, key="june", at=FEBRUARY, expires_at=datetime(2026, 6, 1, tzinfo=UTC))
    spend(60, at=MAY)
    assert (left(world.ada), active(world.ada, at=MAY)) == ([100, 40], 140)


def test_s20_the_debit_shows_the_lots_it_took(world, spend):
    earn(world.ada, 100, key="march", at=FEBRUARY, expires_at=datetime(2026, 3, 1, tzinfo=UTC))
    earn(world.ada, 100, key="april", at=FEBRUARY, expires_at=datetime(2026, 4, 1, tzinfo=UTC))
    spent = spend(150, at=FEBRUARY)
    assert left(world.ada) == [0, 50]
    assert [use.points for use in uses_of(spent.account_id, spent.posting_id)] == [100, 50]


def test_s23_points_past_their_date_are_not_spent_though_no_sweep_has_run(world, spend):
    earn(world.ada, 100, at=datetime(2026, 1, 1, tzinfo=UTC), expires_at=datetime(2026, 2, 1, tzinfo=UTC))
    march = datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(NotEnoughPoints):
        spend(60, at=march)
    assert active(world.ada, at=march) == 0


def test_s25_a_sweep_takes_what_is_left_once_and_exactly_at_the_moment(world, spend):
    end = datetime(2026, 2, 1, tzinfo=UTC)
    earn(world.ada, 150, at=datetime(2026, 1, 1, tzinfo=UTC), expires_at=end)
    spend(50, at=datetime(2026, 1, 2, tzinfo=UTC))
    assert expire_points(at=end - timedelta(microseconds=1)) == Swept()
    assert expire_points(at=end) == Swept(lots=1, points=100)
    assert expire_points(at=end) == Swept()
    assert [row.points for row in statement_of(world.ada, kind="expired").rows] == [-100]


def test_s25_nothing_is_left_to_expire_of_what_was_spent(world, spend):
    end = datetime(2026, 2, 1, tzinfo=UTC)
    earn(world.ada, 150, at=datetime(2026, 1, 1, tzinfo=UTC), expires_at=end)
    spend(150, at=datetime(2026, 1, 2, tzinfo=UTC))
    assert expire_points(at=end) == Swept()
    assert left(world.ada) == [0]


def test_s29_what_is_earned_and_redeemed_in_turn_then_ninety_days(world, spend):
    """Points live 90 days: activity keeps nothing alive here, each lot ends by itself."""
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    earn(world.ada, 575, key="order 1", at=first, expires_at=first + timedelta(days=90))
    spend(500, at=first, key="reward 1")
    assert left(world.ada) == [75]
    earn(world.ada, 805, key="order 2", at=second, expires_at=second + timedelta(days=90))
    spend(500, at=second, key="reward 2")
    assert left(world.ada) == [0, 380]
    expire_points(at=second + timedelta(days=90))
    assert (left(world.ada), active(world.ada, at=second + timedelta(days=91))) == ([0, 0], 0)


@pytest.mark.parametrize(
    ("policy", "earned_on", "usable_through"),
    [
        ({"expiry_months": 1}, date(2026, 1, 25), date(2026, 2, 25)),
        ({"expiry_months": 1}, date(2026, 1, 31), date(2026, 2, 28)),
        ({"expiry_months": 0}, date(2026, 1, 25), date(2026, 1, 25)),
        ({"expiry_months": 1, "expiry_rounding": "month"}, date(2026, 1, 5), date(2026, 2, 28)),
    ],
    ids=["a month", "a short month", "the same day", "to the month's end"],
)
def test_s30_points_are_usable_through_a_day_of_the_programs_zone(world, spend, policy, earned_on, usable_through):
    live_by(world.aurora.wallets.get(), expiry="rolling", **policy)
    late_that_evening = datetime(earned_on.year, earned_on.month, earned_on.day, 22, 59, tzinfo=UTC)  # 23:59 in Oslo
    (award,) = buy(world.ada, "10", at=late_that_evening).awards
    assert last_day(award.expires_at, "Europe/Oslo") == usable_through
    last_second = award.expires_at - timedelta(seconds=1)
    assert (active(world.ada, at=last_second), active(world.ada, at=award.expires_at)) == (10, 0)
    spend(4, at=last_second)
    assert expire_points(at=award.expires_at).points == 6


def test_s32_expiry_switched_on_takes_nothing_for_a_whole_period(world):
    wallet = live_by(world.aurora.wallets.get(), expiry="never")
    buy(world.ada, "100", receipt="old", at=datetime(2019, 5, 1, 12, tzinfo=UTC))
    with time_machine.travel(datetime(2022, 3, 1, 9, tzinfo=UTC), tick=False) as moving:
        change_wallet_policy(wallet, actor="staff:1", expiry="rolling", expiry_months=12)
        buy(world.ada, "50", receipt="new", at=clock.now())
        moving.move_to(datetime(2023, 2, 28, 22, tzinfo=UTC))
        assert (expire_points(), active(world.ada)) == (Swept(), 150)
        moving.move_to(datetime(2023, 3, 1, 22, 59, tzinfo=UTC))
        assert expire_points() == Swept()
        moving.move_to(datetime(2023, 3, 1, 23, tzinfo=UTC))
        assert expire_points() == Swept(lots=2, points=150)
