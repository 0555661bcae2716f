"""Points given or taken by hand: with a reason, once, through the ledger's door."""

import pytest
import time_machine

from loyalty.ledger.errors import KeyReused, NotEnoughPoints
from loyalty.members.models import User
from loyalty.members.services.staff import grant_access
from loyalty.outbox.models import Message
from loyalty.programs.errors.points import BeyondLimit, NothingToAdjust, SecondLookNeeded
from loyalty.programs.errors.programs import ReasonMissing, UnknownWallet
from loyalty.programs.queries.lots import lots_of
from loyalty.programs.services.points import adjust_points
from tests.till import AT, active, live_by
from tests.world import PASSWORD

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


def one_of_the_staff(role, program) -> str:
    user = User.objects.create_user(f"{role}@staff.example.org", PASSWORD)
    grant_access(user, program, role, actor="test")
    return f"staff:{user.pk}"


@pytest.mark.parametrize("role", ["viewer", "support", "campaign_manager", "finance", "program_admin"])
@pytest.mark.parametrize("points", [10_001, -10_001, 10**12])
def test_beyond_the_limit_of_one_act_only_some_may_go(world, wallet, role, points):
    actor = one_of_the_staff(role, world.aurora)
    adjust(world, wallet, 10_000, key="form-0", actor=actor)
    adjust(world, wallet, 10_000, key="form-00", actor=actor)
    if role in ("finance", "program_admin"):
        with pytest.raises(SecondLookNeeded, match="more than 10,000 points"):
            adjust(world, wallet, points, actor=actor)
        assert adjust(world, wallet, points, actor=actor, is_sure=True).points == points
    else:
        for is_sure in (False, True):
            with pytest.raises(BeyondLimit, match="at most 10,000 points at once") as refused:
                adjust(world, wallet, points, actor=actor, is_sure=is_sure)
            assert refused.value.field == "points"
        assert active(world.ada) == 20_000


@pytest.mark.parametrize("actor", ["job:expire_points", "staff:", "staff:x", "staff:999999999", "api:1", ""])
def test_who_is_not_known_goes_nowhere_beyond_the_limit(world, wallet, actor):
    with pytest.raises(BeyondLimit):
        adjust(world, wallet, 10_001, actor=actor, is_sure=True)


def test_a_role_in_another_program_and_one_who_has_left_count_for_nothing(world, wallet):
    with pytest.raises(BeyondLimit):
        adjust(world, wallet, 10_001, actor=one_of_the_staff("program_admin", world.fjord), is_sure=True)
    actor = one_of_the_staff("finance", world.aurora)
    User.objects.filter(pk=actor.removeprefix("staff:")).update(is_active=False)
    with pytest.raises(BeyondLimit):
        adjust(world, wallet, 10_001, actor=actor, is_sure=True)


def test_the_limit_is_the_wallets(world, wallet):
    wallet.by_hand_limit = 0
    wallet.save()
    with pytest.raises(BeyondLimit, match="at most 0 points"):
        adjust(world, wallet, 1)
