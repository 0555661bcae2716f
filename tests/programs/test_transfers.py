"""Sending points from member to member: what arrives, what it costs, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from loyalty.ledger.errors import NotEnoughPoints
from loyalty.ledger.queries.lots import lots_of
from loyalty.lib import clock
from loyalty.members.errors import MemberNotActive
from loyalty.members.services.members import update_member
from loyalty.programs.errors import moving as errors
from loyalty.programs.errors.programs import UnknownWallet
from loyalty.programs.models.moving import Transfer, TransferPolicy
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.moving import preview_of, terms_of_sending, transfers_of, waiting_for
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.services.jobs import release_holds
from loyalty.programs.services.moving import (
    accept_transfer,
    decline_transfer,
    ensure_sendable,
    lapse_transfers,
    send_points,
    withdraw_transfer,
)
from tests.factories_of_programs import TierFactory, TierSetFactory, TierStandingFactory
from tests.ledger.purse import violations
from tests.till import active
from tests.world import earn, join

pytestmark = pytest.mark.django_db


@pytest.fixture
def wallet(world):
    return world.aurora.wallets.get(code="points")


@pytest.fixture
def allow(wallet):
    def policy(**terms) -> TransferPolicy:
        return TransferPolicy.objects.update_or_create(wallet=wallet, defaults=terms)[0]

    policy(cooling_hours=0)
    return policy


@pytest.fixture
def send(world, wallet):
    def act(points: int, *, to=world.ben, id: str = "one", giver=world.ada, **facts) -> Transfer:
        return send_points(giver, to, wallet, points=points, id=id, source="portal", actor="member:1", **facts)

    return act


@pytest.fixture(autouse=True)
def _proved(db):
    yield
    assert violations() == {}


def words_of(member) -> list[tuple[str, int, str]]:
    return [(row.title, row.points, row.why) for row in statement_of(member).rows]


def test_points_arrive_with_their_expiry_and_both_read_it(world, allow, send):
    earn(world.ada, 100, key="a", expires_at=clock.now() + timedelta(days=10))
    earn(world.ada, 100, key="b", expires_at=clock.now() + timedelta(days=40))
    send(150, note="For the cake")
    assert (active(world.ada), active(world.ben)) == (50, 150)
    given = [(lot.remaining, lot.expires_at) for lot in lots_of(world.ben.subject, clock.now())]
    kept = [(lot.remaining, lot.expires_at) for lot in lots_of(world.ada.subject, clock.now(), with_used=True)]
    assert given == [(100, kept[0][1]), (50, kept[1][1])]
    assert words_of(world.ada)[0] == (f"Sent to {world.ben.number}", -150, "For the cake")
    assert words_of(world.ben)[0] == ("Received from Ada", 150, "For the cake")


def test_the_fee_is_rounded_up_and_paid_on_top(world, allow, send):
    allow(fee_points=5, fee_percent=Decimal("2.5"))
    earn(world.ada, 1000)
    assert send(101).fee == 5 + 3
    assert (active(world.ada), active(world.ben)) == (1000 - 101 - 8, 101)
    assert ("Fee for sending points", -8, "") in words_of(world.ada)
    with pytest.raises(NotEnoughPoints):
        send(885, id="two")
    assert active(world.ada) == 891


def test_who_stands_nowhere_yet_stands_on_the_lowest_rung(world, allow, send):
    ladder = TierSetFactory(program=world.aurora)
    base, gold = (TierFactory(tier_set=ladder, code=code, threshold=at) for code, at in (("base", 0), ("gold", 100)))
    allow(tiers=["base"])
    earn(world.ada, 100)
    send(10)
    TierStandingFactory(member=world.ada, tier_set=ladder, tier=gold)
    with pytest.raises(errors.TransfersOff):
        send(10, id="two")
    assert base.threshold == 0


def test_the_same_id_is_the_same_transfer(world, allow, send):
    earn(world.ada, 100)
    assert send(10).pk == send(10).pk
    assert (active(world.ada), active(world.ben)) == (90, 10)
    with pytest.raises(errors.TransferReused):
        send(11)


@pytest.mark.parametrize("change", [{"email": "ben@new.example.org"}, {"status": "left"}, {"status": "blocked"}])
@pytest.mark.parametrize("words", ["email", "number"])
def test_it_answers_for_ever_whatever_becomes_of_the_receiver(world, allow, send, words, change):
    earn(world.ada, 100)
    to = getattr(world.ben, words)
    made = send(10, to=to)
    update_member(world.ben, actor="test", **change)
    assert send(10, to=f" {to} ").pk == made.pk
    world.ben.refresh_from_db()
    assert send(10, to=world.ben).pk == made.pk
    assert (active(world.ada), active(world.ben)) == (90, 10)


def test_the_words_in_which_it_was_asked_for_stay_the_receivers_and_other_words_must_mean_them(world, allow, send):
    """Somebody else has the address by now; and who is meant by another one is looked up."""
    earn(world.ada, 100)
    made = send(10, to="ben@example.org")
    update_member(world.ben, actor="test", email="ben@new.example.org")
    eve = join(world.aurora, "Eve", language="en")
    update_member(eve, actor="test", email="ben@example.org")
    assert [send(10, to=to).pk for to in ("ben@example.org", "ben@new.example.org", world.ben.number)] == [made.pk] * 3
    for other in (eve, eve.number, "nobody@example.org", world.cleo):
        with pytest.raises(errors.TransferReused):
            send(10, to=other)
    assert (active(world.ada), active(world.ben)) == (90, 10)


@pytest.mark.parametrize(("points", "words"), [(1500, "in steps of 1,000 points"), (1000, "at least 2,000 points")])
def test_steps_and_minimum(world, allow, send, points, words):
    allow(step=1000, minimum=2000)
    earn(world.ada, 5000)
    with pytest.raises(errors.WrongAmount, match=words):
        send(points)
    assert send(2000).state == "done"


def test_limits_of_day_and_year(world, allow, send):
    allow(per_day=100, per_year=150)
    earn(world.ada, 1000)
    send(60)
    with pytest.raises(errors.OverLimit, match="40 points more today") as refused:
        send(41, id="two")
    assert refused.value.details == {"left": 40}
    send(40, id="two")
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False), pytest.raises(errors.OverLimit):
        send(51, id="three")
    with time_machine.travel(clock.now() + timedelta(days=366), tick=False):
        earn(world.ada, 100, key="later")
        assert send(100, id="three").state == "done"


def test_only_some_tiers(world, allow, send):
    allow(tiers=["gold"])
    earn(world.ada, 100)
    assert terms_of_sending(world.ada) == []
    with pytest.raises(errors.TransfersOff):
        send(10)
    ladder = TierSetFactory(program=world.aurora)
    TierStandingFactory(
        member=world.ada, tier_set=ladder, tier=TierFactory(tier_set=ladder, code="gold", threshold=100)
    )
    assert send(10).state == "done"


def test_a_new_address_waits(world, allow, send):
    allow(cooling_hours=24)
    earn(world.ada, 100)
    assert send(10, id="before").state == "done"
    update_member(world.ada, actor="test", email="ada@new.example.org")
    with pytest.raises(errors.CoolingOff):
        send(10)
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        assert send(10).state == "done"


@pytest.mark.parametrize("to", ["nobody@example.org", "123", "ada@example.org", "", "cleo@example.org"])
def test_whoever_cannot_receive_is_refused_in_the_same_words(world, allow, send, to):
    earn(world.ada, 100)
    with pytest.raises(errors.CannotReceive, match="We cannot send points there"):
        send(10, to=to)


def test_a_blocked_member_neither_sends_nor_receives(world, allow, send):
    earn(world.ada, 100)
    update_member(world.ben, actor="test", status="blocked")
    for to in ("ben@example.org", world.ben):
        world.ben.refresh_from_db()
        with pytest.raises(errors.CannotReceive):
            send(10, to=to)
    update_member(world.ada, actor="test", status="blocked")
    update_member(world.ben, actor="test", status="active")
    with pytest.raises(MemberNotActive):
        send(10, to=world.ben.number)


def test_people_are_found_by_number_card_or_address(world, allow, send):
    earn(world.ada, 100)
    world.ben.cards.create(program=world.aurora, code="PLASTIC-1")
    for number, to in enumerate([world.ben.number, " BEN@example.org ", "PLASTIC-1"]):
        assert send(1, to=to, id=str(number)).receiver == world.ben
    assert active(world.ben) == 3


def test_nothing_is_sent_of_a_wallet_without_policy(world, wallet, send):
    earn(world.ada, 100)
    with pytest.raises(errors.TransfersOff):
        send(10)
    other = world.fjord.wallets.get(code="points")
    with pytest.raises(UnknownWallet):
        send_points(world.ada, world.ben, other, points=1, id="1", source="portal", actor="test")


def test_a_receiver_who_is_asked_accepts(world, allow, send):
    allow(asks_receiver=True, fee_points=3)
    earn(world.ada, 100)
    transfer = send(50)
    assert (active(world.ada), active(world.ben)) == (47, 0)
    assert [each.pk for each in waiting_for(world.ben)] == [transfer.pk]
    assert violations() == {}
    done = accept_transfer(transfer, actor="member:2")
    assert accept_transfer(transfer, actor="member:2") == done
    assert (active(world.ada), active(world.ben)) == (47, 50)
    assert balances_of(world.ada)[0].held == 0
    with pytest.raises(errors.TransferClosed):
        decline_transfer(transfer, actor="member:2")


@pytest.mark.parametrize(("answer", "state"), [(decline_transfer, "declined"), (withdraw_transfer, "withdrawn")])
def test_what_is_not_wanted_comes_back_with_its_fee(world, allow, send, answer, state):
    allow(asks_receiver=True, fee_points=3, per_day=50)
    earn(world.ada, 100)
    assert answer(send(50), actor="member:2").state == state
    assert (active(world.ada), active(world.ben)) == (100, 0)
    assert send(50, id="two").state == "waiting"


def test_what_nobody_answers_lapses(world, allow, send):
    allow(asks_receiver=True, answer_days=7)
    earn(world.ada, 100)
    transfer = send(50)
    assert lapse_transfers() == 0
    late = transfer.answer_by
    with pytest.raises(errors.TransferClosed):
        accept_transfer(transfer, at=late, actor="member:2")
    assert (lapse_transfers(at=late), lapse_transfers(at=late)) == (1, 0)
    assert (active(world.ada), transfers_of(world.ada)[0].state) == (100, "lapsed")


def test_points_that_expire_meanwhile_shorten_the_time_to_answer(world, allow, send):
    allow(asks_receiver=True, answer_days=7)
    ends = clock.now() + timedelta(days=2)
    earn(world.ada, 100, expires_at=ends)
    assert send(50).answer_by == ends


def test_a_hold_that_the_ledger_released_by_itself_is_closed_too(world, allow, send):
    allow(asks_receiver=True, answer_days=1)
    earn(world.ada, 100)
    transfer = send(50)
    late = transfer.answer_by + timedelta(days=30)
    release_holds(at=late)
    assert lapse_transfers(program=world.aurora, at=late) == 1
    assert active(world.ada) == 100


def test_the_preview_says_what_remains(world, allow):
    allow(fee_percent=Decimal(10), per_day=40)
    earn(world.ada, 100)
    (terms,) = terms_of_sending(world.ada)
    shown = preview_of(terms, 30)
    assert (shown.fee, shown.total, shown.remains) == (3, 33, 67)
    ensure_sendable(terms, 30)
    with pytest.raises(errors.OverLimit):
        ensure_sendable(terms, 41)
    allow(fee_percent=Decimal(10), per_day=None)
    with pytest.raises(NotEnoughPoints):
        ensure_sendable(terms_of_sending(world.ada)[0], 99)
