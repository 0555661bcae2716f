"""Points that wait for a confirmation: an order paid, a review accepted."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.ledger.errors import NotPending
from loyalty.outbox.models import Message
from loyalty.programs.errors.activities import AlreadyConfirmed, NothingPending, UnknownActivity
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.queries.tiers import changes_of, tier_codes_of
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.jobs import activate_points, cancel_unconfirmed
from tests.till import AT, active, buy, do, earned, live_by, pending, rule

pytestmark = pytest.mark.django_db
ORDER = {"source": "till", "external_id": "1001"}


@pytest.fixture(autouse=True)
def _orders_are_confirmed(world, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    live_by(world.aurora.wallets.get(), activation="on_confirmation", cancel_after_days=30)
    with time_machine.travel(AT, tick=False):
        yield


def confirm(world, **facts):
    return confirm_activity(world.aurora, **ORDER | facts, actor="api:1")


def cancel(world, **facts):
    return cancel_activity(world.aurora, **ORDER | facts, actor="api:1", reason="not paid")


def told(name):
    return Message.objects.filter(event=f"loyalty.programs.events.{name}").count()


def test_an_order_that_is_paid_gives_its_points(world):
    (made,) = buy(world.ada, "100").awards
    assert (made.state, made.activates_at, active(world.ada), pending(world.ada)) == ("pending", None, 0, 100)
    settled = confirm(world)
    assert (settled.points, settled.replayed, active(world.ada), pending(world.ada)) == (100, False, 100, 0)
    again = confirm(world)
    assert (again.points, again.replayed, active(world.ada), told("ActivityConfirmed")) == (100, True, 100, 1)


def test_an_order_that_is_cancelled_takes_them(world):
    buy(world.ada, "100")
    assert cancel(world).points == 100
    again = cancel(world)
    assert (again.replayed, active(world.ada), pending(world.ada), told("ActivityCancelled")) == (True, 0, 0, 1)
    with pytest.raises(NotPending):
        confirm(world)


def test_a_cancelled_order_uses_up_no_cap(world):
    Cap.objects.create(program=world.aurora, scope="member", period="day", measure="points", limit=50)
    assert earned(buy(world.ada, "80")) == {"points": 50}
    cancel(world)
    assert earned(buy(world.ada, "30", receipt="1002")) == {"points": 30}
    cancel(world)  # again, which changes nothing
    assert earned(buy(world.ada, "30", receipt="1003")) == {"points": 20}


def test_what_was_confirmed_is_not_cancelled(world):
    buy(world.ada, "100")
    confirm(world)
    with pytest.raises(AlreadyConfirmed):
        cancel(world)
    assert active(world.ada) == 100


def test_cancelling_takes_no_points_of_other_orders(world):
    buy(world.ada, "100")
    buy(world.ada, "40", receipt="2")
    cancel(world)
    assert pending(world.ada) == 40


def test_points_that_only_wait_for_their_day_can_be_cancelled_not_confirmed(world):
    live_by(world.aurora.wallets.get(), activation="after_days", activation_count=14)
    buy(world.ada, "100")
    with pytest.raises(NothingPending):
        confirm(world)
    assert cancel(world).points == 100


def test_only_the_wallets_that_wait_are_confirmed(world):
    Wallet.objects.create(program=world.aurora, code="stars", name="Stars", position=1)
    rule(world.aurora, "Stars", wallet="stars")
    buy(world.ada, "100")
    assert (active(world.ada), active(world.ada, "stars")) == (0, 100)
    confirm(world)
    assert (active(world.ada), active(world.ada, "stars")) == (100, 100)


def test_an_activity_is_confirmed_too(world):
    rule(world.aurora, "Review", trigger="review", effect="fixed", points=20)
    do(world.ada, "review")
    assert confirm(world, source="shop", external_id="1", kind="activity").points == 20


def test_what_is_not_known_and_what_earned_nothing(world):
    with pytest.raises(UnknownActivity):
        confirm(world, external_id="none")
    buy(world.ada, "0.10")
    with pytest.raises(NothingPending):
        confirm(world)
    assert cancel(world).points == 0


def test_points_live_at_least_through_the_day_of_their_confirmation(world):
    live_by(world.aurora.wallets.get(), expiry="rolling", expiry_months=1, cancel_after_days=365)
    buy(world.ada, "100")
    with time_machine.travel(AT + timedelta(days=60), tick=False):
        confirm(world)
        (lot,) = lots_of(world.ada)
        assert (lot.state, lot.expires_at.isoformat()) == ("active", "2026-05-01T22:00:00+00:00")


def test_what_nobody_confirms_in_time_is_taken_at_the_end_of_the_day(world):
    buy(world.ada, "100")
    assert cancel_unconfirmed(at=AT + timedelta(days=30)).points == 0
    swept = cancel_unconfirmed(at=AT + timedelta(days=31))
    assert (swept.lots, swept.points, pending(world.ada)) == (1, 100, 0)
    assert activate_points(at=AT + timedelta(days=99)).lots == 0
    newest = statement_of(world.ada).rows[0]
    assert (newest.title, newest.points, newest.bucket) == ("Not confirmed in time", -100, 1)


def test_what_nobody_confirms_in_time_uses_up_no_cap(world):
    Cap.objects.create(program=world.aurora, scope="member", period="ever", measure="points", limit=100)
    buy(world.ada, "80")
    buy(world.ada, "20", receipt="1002")
    confirm(world, external_id="1002")
    assert CapUse.objects.values_list("times", "points").get() == (2, 100)
    for _again in range(2):
        cancel_unconfirmed(at=AT + timedelta(days=31))
        assert CapUse.objects.values_list("times", "points").get() == (1, 20)
    late = cancel(world)  # by the shop
    assert (late.points, late.replayed) == (0, True)
    assert CapUse.objects.values_list("times", "points").get() == (1, 20)


def test_the_caps_of_many_come_back_in_as_many_statements_as_of_one(world):
    Cap.objects.create(program=world.aurora, scope="program", period="ever", measure="points", limit=1_000)
    buy(world.ada, "10")
    with CaptureQueriesContext(connection) as one:
        cancel_unconfirmed(at=AT + timedelta(days=31))
    for number in range(5):
        buy(world.ada if number % 2 else world.ben, "10", receipt=f"more-{number}")
    with CaptureQueriesContext(connection) as many:
        cancel_unconfirmed(at=AT + timedelta(days=31))
    assert len(many) == len(one)
    assert CapUse.objects.values_list("times", "points").get() == (0, 0)


def test_a_tier_goes_with_what_nobody_confirms_in_time(world):
    """As after a return: no grace bears what was never earned."""
    ladder = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="points", wallet=world.aurora.wallets.get(),
        grace_count=3, grace_unit="months",
    )  # fmt: skip
    Tier.objects.create(tier_set=ladder, code="silver", name="Silver", threshold=100)
    buy(world.ada, "80")
    buy(world.ada, "20", receipt="1002")
    buy(world.ben, "100", receipt="1003")
    confirm(world, external_id="1002")
    assert tier_codes_of([world.ada, world.ben]) == {world.ada.pk: "silver", world.ben.pk: "silver"}
    confirm(world, external_id="1003")
    cancel_unconfirmed(at=AT + timedelta(days=31))
    assert tier_codes_of([world.ada, world.ben]) == {world.ada.pk: None, world.ben.pk: "silver"}
    fell, _rose = changes_of(world.ada)
    assert (fell.why, fell.measured, fell.actor) == ("returned", 20, "job:cancel_unconfirmed")
    assert told("MemberTierChanged") == 3
