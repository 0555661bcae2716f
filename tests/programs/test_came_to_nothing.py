"""Orders that were cancelled, never confirmed, or refused: nothing is left of them, and they count for nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from loyalty.ledger.errors import NotPending
from loyalty.ledger.services import open_account, spend
from loyalty.lib import clock
from loyalty.members.models import Member
from loyalty.outbox.models import Message
from loyalty.programs.errors.activities import AlreadyConfirmed
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.models.velocity import ReviewCase, VelocityRule
from loyalty.programs.queries.activities import has_bought
from loyalty.programs.queries.balances import balances_of
from loyalty.programs.queries.households import balance_in, membership_of
from loyalty.programs.queries.tiers import tiers_of
from loyalty.programs.services.cases import refuse_cases, release_cases
from loyalty.programs.services.confirmation import cancel_activity, confirm_activity
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.households import contribute_due, found_household
from loyalty.programs.services.jobs import cancel_unconfirmed
from loyalty.programs.services.returns import record_return
from tests.ledger.purse import violations
from tests.programs.test_backtests import reproduced
from tests.till import active, buy, do, earned, live_by, pending, rule

pytestmark = pytest.mark.django_db
MEASURES = {"spend": 100, "purchases": 1, "activities": 1, "points": 100}


@pytest.fixture(autouse=True)
def time(settings, world):
    settings.OUTBOX_WIRING = "tests.wires"
    with time_machine.travel(clock.now(), tick=False) as time:
        yield time
    assert violations() == {}


@pytest.fixture
def ladders(world):
    """One of each kind, on which 100 spent, one purchase or one activity are gold."""
    for measure, threshold in MEASURES.items():
        wallet = world.aurora.wallets.get() if measure == "points" else None
        row = TierSet.objects.create(
            program=world.aurora, code=measure, name=measure, measure=measure, wallet=wallet,
            grace_count=3, grace_unit="months",
        )  # fmt: skip
        Tier.objects.create(tier_set=row, code=f"{measure}-gold", name="Gold", threshold=threshold)


def unconfirmed(world):
    return live_by(world.aurora.wallets.get(), activation="on_confirmation", cancel_after_days=30)


def cancel(world, id="1", kind="purchase"):
    source = "till" if kind == "purchase" else "shop"
    return cancel_activity(world.aurora, source=source, external_id=id, kind=kind, actor="t", reason="never paid")


def counts(member):
    """What is counted on each ladder, and the rungs."""
    found = {each.ladder.code: each for each in tiers_of(Member.objects.get(pk=member.pk))}
    return {code: (int(found[code].outlook.count), found[code].rung is not None) for code in MEASURES}


NOWHERE = dict.fromkeys(MEASURES, (0, False))


def shop(world):
    rule(world.aurora, "Review", trigger="review", effect="fixed", points=20)
    buy(world.ada, "100", receipt="1", at=clock.now())
    do(world.ada, "review", id="r", at=clock.now())
    there = {"spend": (100, True), "purchases": (1, True), "activities": (1, True), "points": (120, True)}
    assert counts(world.ada) == there


@pytest.mark.parametrize("waits", [False, True], ids=["active at once", "to be confirmed"])
def test_what_is_cancelled_counts_on_no_ladder(world, ladders, waits):
    if waits:
        unconfirmed(world)
    shop(world)
    assert (cancel(world).points, cancel(world, "r", "activity").points) == (100, 20)
    assert (counts(world.ada), active(world.ada), pending(world.ada)) == (NOWHERE, 0, 0)
    again = cancel(world)
    assert (again.points, again.replayed, counts(world.ada)) == (100, True, NOWHERE)


def test_what_nobody_confirms_counts_on_no_ladder(world, ladders):
    unconfirmed(world)
    shop(world)
    cancel_unconfirmed(at=clock.now() + timedelta(days=31))
    assert (counts(world.ada), pending(world.ada)) == (NOWHERE, 0)
    told = Message.objects.filter(event="loyalty.programs.events.ActivityCancelled")
    assert sorted(each.payload["points"] for each in told) == [20, 100]


def test_what_the_staff_refuse_counts_on_no_ladder(world, ladders):
    VelocityRule.objects.create(program=world.aurora, name="V", pattern="purchases", most=1, minutes=60)
    buy(world.ada, "1", receipt="0", at=clock.now())
    buy(world.ada, "100", receipt="1", at=clock.now())
    refuse_cases(ReviewCase.objects.all(), reason="The receipts are made up", actor="staff:1")
    left = {"spend": (1, False), "purchases": (1, True), "activities": (0, False), "points": (1, False)}
    assert counts(world.ada) == left


def test_an_order_that_earned_nothing_is_cancelled_too(world, ladders):
    world.aurora.rules.update(is_archived=True)
    buy(world.ada, "100", receipt="1", at=clock.now())
    assert counts(world.ada)["spend"] == (100, True)
    assert (cancel(world).points, cancel(world).replayed) == (0, True)
    assert counts(world.ada) == NOWHERE


def test_the_next_purchase_is_the_first(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=70)
    assert earned(buy(world.ada, "10", receipt="1", at=clock.now())) == {"points": 80}
    cancel(world)
    assert not has_bought(world.ada)
    assert earned(buy(world.ada, "10", receipt="2", at=clock.now())) == {"points": 80}
    assert has_bought(world.ada)


def test_rules_that_look_back_do_not_see_it(world, time):
    rule(world.aurora, "Often", ("purchases_in_days.30", "gte", "1"), effect="fixed", points=5)
    rule(world.aurora, "Active", ("activities_in_days.review 30", "gte", "1"), effect="fixed", points=3)
    rule(world.aurora, "Back", ("days_since_purchase", "gte", "0"), effect="fixed", points=2)
    buy(world.ada, "10", receipt="1", at=clock.now())
    do(world.ada, "review", id="r", at=clock.now())
    time.shift(timedelta(minutes=1))
    assert earned(buy(world.ada, "10", receipt="0", at=clock.now())) == {"points": 20}
    for id, kind in (("0", "purchase"), ("1", "purchase"), ("r", "activity")):
        cancel(world, id, kind)
    time.shift(timedelta(minutes=1))
    assert earned(buy(world.ada, "10", receipt="2", at=clock.now())) == {"points": 10}


def owned(member):
    (balance,) = balances_of(member)
    return balance.active - balance.debt


@pytest.mark.parametrize(
    ("policy", "taken"), [("within_balance", 50), ("unlimited", 150), ("only_pending", 0)], ids=str
)
def test_spendable_points_go_by_the_debt_policy(world, policy, taken):
    """S50: earn 150, spend 100, cancel."""
    world.aurora.debt_policy = policy
    world.aurora.save()
    buy(world.ada, "150", receipt="1", at=clock.now())
    account = open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)
    spend(account, points=100, key="spent", kind="spend", source="x", at=clock.now(), actor="t")
    assert (cancel(world).points, owned(world.ada)) == (taken, 50 - taken)
    assert (cancel(world).points, owned(world.ada)) == (taken, 50 - taken)


def test_points_spent_on_it_come_back(world):
    buy(world.ada, "100", receipt="0", at=clock.now())
    buy(world.ada, "30", receipt="1", at=clock.now())
    account = open_account(wallet_id=world.aurora.wallets.get().pk, subject=world.ada.subject)
    spend(account, points=80, key="paid", kind="spend", source="purchase:till:1", at=clock.now(), actor="t")
    assert (active(world.ada), cancel(world).points, active(world.ada)) == (50, 30, 100)


def test_what_a_return_left_is_cancelled(world):
    cap = Cap.objects.create(program=world.aurora, scope="member", period="ever", measure="points", limit=1_000)
    buy(world.ada, "30", "70", receipt="1", at=clock.now())
    facts = ReturnFacts(id="r1", lines=(LineBack(1, Decimal(1)),))
    record_return(world.aurora, "till", "1", facts, actor="t")
    assert (cancel(world).points, active(world.ada)) == (70, 0)
    record_return(world.aurora, "till", "1", ReturnFacts(id="r2"), actor="t")  # the goods, afterwards
    assert (active(world.ada), CapUse.objects.filter(cap=cap).values_list("times", "points").get()) == (0, (0, 0))


def test_a_household_gives_back_what_it_got(world):
    HouseholdPolicy.objects.create(program=world.aurora, wallet=world.aurora.wallets.get(), percent=100)
    found_household(world.ada, name="H", actor="t")
    buy(world.ada, "100", receipt="1", at=clock.now())
    contribute_due()
    assert (cancel(world).points, active(world.ada)) == (100, 0)
    assert balance_in(membership_of(world.ada).household).active == 0


def test_what_was_confirmed_stays_though_the_staff_looked_at_it(world):
    VelocityRule.objects.create(program=world.aurora, name="V", pattern="purchases", most=1, minutes=60)
    for receipt in ("0", "1"):
        buy(world.ada, "10", receipt=receipt, at=clock.now())
    release_cases(ReviewCase.objects.all(), reason="She runs a kiosk", actor="staff:1")
    assert (active(world.ada), cancel(world).points, active(world.ada)) == (20, 10, 10)  # nobody confirmed that
    unconfirmed(world)
    buy(world.ben, "10", receipt="2", at=clock.now())
    order = {"source": "till", "external_id": "2", "actor": "t"}
    confirm_activity(world.aurora, **order)
    with pytest.raises(AlreadyConfirmed):
        cancel(world, "2")
    assert active(world.ben) == 10


def test_what_came_to_nothing_cannot_be_confirmed(world):
    unconfirmed(world)
    buy(world.ada, "10", receipt="1", at=clock.now())
    cancel(world)
    with pytest.raises(NotPending):
        confirm_activity(world.aurora, source="till", external_id="1", actor="t")
    assert Activity.objects.get(external_id="1").cancelled_at == clock.now()


def test_a_backtest_agrees(world, time, ladders):
    unconfirmed(world)
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=70)
    rule(world.aurora, "Gold", ("tier", "equals", "spend-gold"), effect="multiplier", factor=2)
    rule(world.aurora, "Often", ("purchases_in_days.30", "gte", "1"), effect="fixed", points=5)
    rule(world.aurora, "Review", trigger="review", effect="fixed", points=20)
    buy(world.ada, "100", receipt="1", at=clock.now())
    do(world.ada, "review", id="r", at=clock.now())
    for step, (receipt, amount) in enumerate((("2", "10"), ("3", "120"), ("4", "10"), ("5", "10"))):
        time.shift(timedelta(minutes=1))
        if step == 1:
            cancel(world)
            cancel(world, "2")
        if step == 2:
            cancel(world, "r", "activity")
            cancel(world, "3")
        time.shift(timedelta(minutes=1))
        buy(world.ada, amount, receipt=receipt, at=clock.now())
    time.shift(timedelta(days=40))
    cancel_unconfirmed()
    time.shift(timedelta(minutes=1))
    buy(world.ada, "50", receipt="6", at=clock.now())
    time.shift(timedelta(hours=1))
    reproduced(world.aurora)
