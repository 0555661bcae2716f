"""Invitations against orders that come back, are cancelled or lapse at that very moment: nobody keeps a reward for
nothing, and nobody is paid twice."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection

from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.members.services.members import enrol_member
from loyalty.outbox.services import relay
from loyalty.programs.models.referrals import Referral
from loyalty.programs.services import referrals
from loyalty.programs.services.confirmation import cancel_activity
from loyalty.programs.services.facts import ReturnFacts
from loyalty.programs.services.referrals import follow_purchase, follow_referrals
from loyalty.programs.services.returns import record_return
from tests.factories_of_activities import ReferralPolicyFactory
from tests.ledger.purse import violations
from tests.races.crowd import crowd, failures
from tests.till import active, buy, pending, rule, without_rules
from tests.world import make_world

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WAYS = ["returned", "cancelled"]


@pytest.fixture
def world():
    world = make_world()
    without_rules(world.aurora)
    rule(world.aurora, "For bringing a friend", trigger="referral", effect="fixed", points=100)
    rule(world.aurora, "For coming along", trigger="referred", effect="fixed", points=50)
    ReferralPolicyFactory(program=world.aurora, minimum_purchase=25, return_days=14)
    yield world
    assert violations() == {}


def friend_of(world, number: int = 0) -> Member:
    """One who came by invitation and bought: the order carries the number."""
    friend = enrol_member(
        world.aurora, actor="t", external_id=f"f{number}", email=f"f{number}@example.org", referred_by=world.ada
    )
    relay()
    buy(friend, "50.00", receipt=str(number), at=clock.now() - timedelta(minutes=1))
    return friend


def undone(world, way: str, number: int = 0) -> None:
    """The order comes back or is cancelled, and everybody who listens hears of it."""
    if way == "returned":
        record_return(world.aurora, "till", str(number), ReturnFacts(id="r"), actor="t")
    else:
        cancel_activity(world.aurora, source="till", external_id=str(number), actor="t", reason="never paid")
    relay()


def beside_the_look(world, way: str, monkeypatch) -> tuple[str, list[int]]:
    """The order is undone in another session, between the look at what was kept and the reward."""
    friend = friend_of(world)
    looked, original = Event(), referrals.kept_of
    other = Thread(target=_alone, args=(lambda: undone(world, way),))

    def kept(purchase: Any) -> Any:
        found = original(purchase)
        if not looked.is_set():
            looked.set()
            other.start()
            other.join(1.5)
        return found

    monkeypatch.setattr(referrals, "kept_of", kept)
    follow_purchase(friend.pk)
    other.join()
    relay()
    follow_referrals()
    referral = Referral.objects.get()
    return referral.state, [pending(each) for each in (world.ada, friend)]


def _alone(act: Callable[[], Any]) -> None:
    try:
        act()
    finally:
        connection.close()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_undone_beside_the_reward_takes_it_back(world, way, monkeypatch):
    assert beside_the_look(world, way, monkeypatch) == ("cancelled", [0, 0])


@pytest.mark.parametrize("way", WAYS)
def test_it_is_the_lock_on_the_purchase(world, way, monkeypatch):
    """Without it the reward is given for what is gone, and stays for ever."""
    monkeypatch.setattr(referrals, "_locked", lambda _referral, purchase: purchase)
    assert beside_the_look(world, way, monkeypatch) == ("rewarded", [100, 50])


@pytest.mark.parametrize("way", WAYS)
def test_a_crowd_that_rewards_and_undoes_leaves_nothing(world, way):
    friends = [friend_of(world, number) for number in range(6)]

    def act(number: int) -> Any:
        place = number // 4
        return undone(world, way, place) if number % 4 == 0 else follow_purchase(friends[place].pk)

    answers = crowd(act, 4 * len(friends))
    assert failures(answers) == []
    relay()
    follow_referrals()
    relay()
    assert set(Referral.objects.values_list("state", flat=True)) == {"cancelled"}
    assert [(active(each), pending(each)) for each in (world.ada, *friends)] == [(0, 0)] * 7


def test_a_crowd_pays_once_and_takes_back_once(world):
    friend = friend_of(world)
    assert failures(crowd(lambda _number: follow_purchase(friend.pk), 10)) == []
    assert [pending(each) for each in (world.ada, friend)] == [100, 50]
    purchase = Referral.objects.get().purchase_id
    takes = crowd(lambda _number: referrals.take_back_referral(purchase, is_cancelled=True), 10)
    assert (failures(takes), sum(each is not None for each in takes)) == ([], 1)
    assert [pending(each) for each in (world.ada, friend)] == [0, 0]


def test_returns_and_cancellations_of_one_order_take_it_once(world):
    rule(world.aurora, "Per purchase")
    friend = friend_of(world)

    def act(number: int) -> Any:
        return undone(world, WAYS[number % 2])

    assert failures(crowd(act, 10)) == []
    assert (active(friend), pending(friend)) == (0, 0)
