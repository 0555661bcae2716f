"""A member holds at most so many points of a wallet: what is earned is trimmed, whatever else goes over is refused."""

from datetime import timedelta

import pytest

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.programs.errors.conversions import OverCap
from loyalty.programs.errors.moving import ReceiverFull
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.models.reinstatement import ReinstatementPolicy
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.households import membership_of
from loyalty.programs.queries.reinstatement import expired_of
from loyalty.programs.services.households import contribute, found_household, leave_household, take_points
from loyalty.programs.services.jobs import expire_points
from loyalty.programs.services.moving import accept_transfer, decline_transfer, send_points
from loyalty.programs.services.points import adjust_points
from loyalty.programs.services.reinstatement import bring_back, pay_reinstatement
from loyalty.programs.services.versions import change_publishing
from tests.till import ACTOR, active, live_by
from tests.world import earn

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(world) -> Wallet:
    """A hundred is the most; Ada has 90."""
    earn(world.ada, 90, key="ada")
    return live_by(world.aurora.wallets.get(), balance_cap=100)


@pytest.fixture
def policy(wallet) -> TransferPolicy:
    return TransferPolicy.objects.create(wallet=wallet, cooling_hours=0)


def send(giver: Member, to: Member, wallet: Wallet, points: int, id: str = "one") -> Transfer:
    return send_points(giver, to, wallet, points=points, id=id, source="portal", actor=ACTOR)


def test_a_transfer_that_goes_over_is_refused_without_telling_how_much_they_hold(world, wallet, policy):
    earn(world.ben, 30)
    with pytest.raises(ReceiverFull) as refused:
        send(world.ada, world.ben, wallet, 71)
    assert (refused.value.details, str(refused.value)) == ({}, "They cannot hold so many points more in this program.")
    assert (active(world.ada), active(world.ben), Transfer.objects.count()) == (90, 30, 0)
    send(world.ada, world.ben, wallet, 70)
    assert (active(world.ada), active(world.ben), send(world.ada, world.ben, wallet, 70).state) == (20, 100, "done")


def test_points_that_wait_or_are_set_aside_count(world, wallet, policy):
    """Ben has set 30 aside for Ada, who is asked; so he still holds them."""
    policy.asks_receiver = True
    policy.save()
    earn(world.ben, 30)
    send(world.ben, world.ada, wallet, 30, "back")
    policy.asks_receiver = False
    policy.save()
    with pytest.raises(ReceiverFull):
        send(world.ada, world.ben, wallet, 71)
    assert send(world.ada, world.ben, wallet, 70).state == "done"


def test_who_is_asked_is_told_when_they_accept_and_may_make_room(world, wallet, policy):
    policy.asks_receiver = True
    policy.save()
    earn(world.ben, 30)
    waiting = send(world.ada, world.ben, wallet, 80)
    with pytest.raises(OverCap, match="You can hold 70 points more there") as refused:
        accept_transfer(waiting, actor=ACTOR)
    assert (refused.value.details, Transfer.objects.get().state) == ({"room": 70}, "waiting")
    adjust_points(world.ben, wallet, points=-10, reason="Makes room", key="1", actor="staff:1")
    assert accept_transfer(waiting, actor=ACTOR).state == "done"
    assert active(world.ben) == 100


def test_what_was_not_taken_comes_back_over_it(world, wallet, policy):
    policy.asks_receiver = True
    policy.save()
    waiting = send(world.ada, world.ben, wallet, 80)
    live_by(wallet, balance_cap=10)
    decline_transfer(waiting, actor=ACTOR)
    assert active(world.ada) == 90


def test_a_household_gives_what_there_is_room_for_and_everything_to_whoever_leaves(world, wallet):
    HouseholdPolicy.objects.create(program=world.aurora, wallet=wallet, percent=100)
    found_household(world.ada, name="Larsen", actor=ACTOR)
    earn(world.ada, 60, key="more")
    contribute(world.ada.pk)
    own = membership_of(world.ada)
    with pytest.raises(OverCap, match="10 points more"):
        take_points(own, points=11, key="1", actor=ACTOR)
    take_points(own, points=10, key="2", actor=ACTOR)
    assert take_points(own, points=10, key="2", actor=ACTOR).points == -10  # the same act again
    assert active(world.ada) == 100
    assert leave_household(own, actor=ACTOR) == 50
    assert active(world.ada) == 150


def test_by_hand_no_more_is_given_than_there_is_room_for(world, wallet):
    def give(points: int):
        return adjust_points(world.ada, wallet, points=points, reason="Sorry", key="k", actor="staff:1")

    with pytest.raises(OverCap, match="The member can hold 10 points more"):
        give(11)
    assert [give(10).replayed, give(10).replayed] == [False, True]
    assert active(world.ada) == 100


@pytest.mark.parametrize("price", ["free", "money"])
def test_expired_points_come_back_into_the_room_there_is(world, wallet, price):
    """What is owed for was judged when it was asked for: who has paid gets it."""
    ReinstatementPolicy.objects.create(
        program=world.aurora, wallet=wallet, price=price, fee_money=1, comes_back="when_paid", window_days=30
    )
    ends = clock.now() + timedelta(hours=1)
    earn(world.ben, 50, expires_at=ends)
    expire_points(at=ends)
    earn(world.ben, 60, key="new")
    late = ends + timedelta(hours=1)
    (part,) = expired_of(world.ben, at=late)

    def back():
        return bring_back(world.ben, wallet, part.expired_at, id="1", source="portal", at=late, actor=ACTOR)

    with pytest.raises(OverCap, match="40 points more"):
        back()
    adjust_points(world.ben, wallet, points=-10, reason="Makes room", key="1", actor="staff:1")
    made = back()
    if price == "money":
        earn(world.ben, 10, key="meanwhile")
        pay_reinstatement(made, reference="17", at=late, actor=ACTOR)
    assert active(world.ben) == (100 if price == "free" else 110)
    assert balances_of(world.ben)[0].pending == 0


def test_the_cap_in_force_holds_and_not_that_of_a_draft(world, wallet, policy):
    change_publishing(world.aurora, "draft", actor="staff:1")
    live_by(Wallet.objects.get(pk=wallet.pk), balance_cap=None)
    earn(world.ben, 30)
    with pytest.raises(ReceiverFull):
        send(Member.objects.get(pk=world.ada.pk), Member.objects.get(pk=world.ben.pk), wallet, 71)
