"""Points given or taken by hand: with a reason, once, through the ledger's door."""

import pytest
import time_machine

from loyalty.ledger.errors import KeyReused, NotEnoughPoints
from loyalty.outbox.models import Message
from loyalty.programs.errors import NothingToAdjust, ReasonMissing, UnknownWallet
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.services.points import adjust_points
from tests.till import AT, active, live_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(world):
    return world.aurora.wallets.get()


def adjust(world, wallet, points, **facts):
    usual = {"reason": "complaint 77", "note": "Sorry!", "key": "form-1", "actor": "staff:1"}
    return adjust_points(world.ada, wallet, points=points, **usual | facts)


def test_points_are_given_and_live_by_the_wallets_policy(world, wallet):
    with time_machine.travel(AT, tick=False):
        assert adjust(world, wallet, 50).points == 50
        (lot,) = lots_of(world.ada)
    assert (lot.remaining, lot.kind, lot.expires_at.isoformat()) == (50, "adjustment", "2027-03-02T23:00:00+00:00")


def test_given_points_are_active_at_once_and_do_not_count_as_earned(world, wallet):
    live_by(wallet, activation="after_days", activation_count=14)
    adjust(world, wallet, 50)
    assert active(world.ada) == 50


def test_points_are_taken_as_far_as_there_are_any(world, wallet):
    adjust(world, wallet, 50)
    assert adjust(world, wallet, -20, key="form-2").points == -20
    with pytest.raises(NotEnoughPoints):
        adjust(world, wallet, -31, key="form-3")
    assert active(world.ada) == 30


def test_a_double_click_is_one_act(world, wallet, settings):
    settings.OUTBOX_WIRING = "tests.wires"
    first = adjust(world, wallet, 50)
    again = adjust(world, wallet, 50)
    assert (again.posting_id, again.replayed, active(world.ada)) == (first.posting_id, True, 50)
    (message,) = Message.objects.filter(event="loyalty.programs.events.PointsAdjusted")
    assert (message.payload["points"], message.payload["actor"]) == (50, "staff:1")
    with pytest.raises(KeyReused):
        adjust(world, wallet, 51)


@pytest.mark.parametrize(
    ("facts", "error", "field"),
    [({"points": 0}, NothingToAdjust, "points"), ({"points": 5, "reason": "  "}, ReasonMissing, "reason")],
)
def test_what_is_missing_is_asked_for(world, wallet, facts, error, field):
    with pytest.raises(error) as refused:
        adjust(world, wallet, **facts)
    assert refused.value.field == field


def test_another_programs_wallet_does_not_exist_here(world):
    with pytest.raises(UnknownWallet):
        adjust(world, world.fjord.wallets.get(), 50)
