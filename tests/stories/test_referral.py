"""S67: a friend is invited, buys, brings back; aliases, small first purchases, everything delivered twice."""

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty.lib import clock
from loyalty.members.services.members import enrol_member, update_member
from loyalty.outbox.services import relay
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.caps import Cap, CapUse
from loyalty.programs.models.households import HouseholdPolicy
from loyalty.programs.models.referrals import Referral
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.households import balance_in
from loyalty.programs.queries.tiers import tier_codes_of
from loyalty.programs.rules.referrals import is_same_phone, mailbox_of
from loyalty.programs.services.backtests import ask_backtest, work_on_backtests
from loyalty.programs.services.confirmation import cancel_activity
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.households import contribute_due, found_household, join_household
from loyalty.programs.services.jobs import activate_points, cancel_unconfirmed
from loyalty.programs.services.referrals import follow_purchase, follow_referrals, open_referral, take_back_referral
from loyalty.programs.services.returns import record_return
from tests.factories_of_activities import ReferralPolicyFactory
from tests.factories_of_programs import TierFactory, TierSetFactory
from tests.ledger.purse import violations
from tests.till import active, buy, line, live_by, pending, rule, without_rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy(world):
    without_rules(world.aurora)
    rule(world.aurora, "For bringing a friend", trigger="referral", effect="fixed", points=100)
    rule(world.aurora, "For coming along", trigger="referred", effect="fixed", points=50)
    return ReferralPolicyFactory(program=world.aurora, minimum_purchase=25, return_days=14)


def invite(world, **facts):
    facts = {"email": "eve@example.org"} | facts
    friend = enrol_member(world.aurora, actor="t", external_id="eve", referred_by=world.ada, **facts)
    relay()
    return friend


def shop(friend, amount, receipt="1", **facts):
    recorded = buy(friend, amount, receipt=receipt, at=clock.now() - timedelta(minutes=1), **facts)
    follow_referrals()
    return recorded


def points(world, friend):
    return [(active(each), pending(each)) for each in (world.ada, friend)]


def test_both_are_paid_once_though_delivered_twice_and_pending_until_the_return_window_ends(world, policy):
    friend = invite(world)
    bought = shop(friend, "50.00")
    assert points(world, friend) == [(0, 100), (0, 50)]
    assert follow_purchase(friend.pk) is None
    open_referral(friend.pk, world.ada.pk)
    assert (follow_referrals(), Referral.objects.get().state) == (0, "rewarded")
    activate_points(at=clock.now() + timedelta(days=13))
    assert points(world, friend) == [(0, 100), (0, 50)]
    activate_points(at=clock.now() + timedelta(days=14))
    assert points(world, friend) == [(100, 0), (50, 0)]
    assert cancel(world) == 0  # active long since, but the first purchase earned nothing of its own
    take_back_referral(bought.activity_id)
    assert points(world, friend) == [(0, 0), (0, 0)]
    assert Referral.objects.get().get_reason_display() == "the first purchase was cancelled or returned"


@pytest.fixture(params=["on_award", "on_confirmation", "nothing"])
def purchases(request, world, policy):
    """What a purchase earns: at once as with any new wallet, once confirmed, or nothing at all."""
    if request.param != "nothing":
        rule(world.aurora, "Per purchase", effect="fixed", points=7)
    if request.param == "on_confirmation":
        live_by(world.aurora.wallets.get(), activation="on_confirmation", cancel_after_days=30)


def test_cancelled_both_have_nothing(world, purchases):
    friend = invite(world)
    shop(friend, "50.00")
    assert (pending(world.ada), Referral.objects.get().state) == (100, "rewarded")
    cancel(world)
    assert points(world, friend) == [(0, 0), (0, 0)]
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("cancelled", "returned")
    cancel(world)
    shop(friend, "90.00", receipt="2")  # which does not reopen it
    assert (pending(world.ada), Referral.objects.count()) == (0, 1)


def test_cancelled_before_anybody_looked_nothing_is_paid(world, purchases):
    friend = invite(world)
    buy(friend, "50.00", receipt="1", at=clock.now() - timedelta(minutes=1))
    cancel(world)
    assert (follow_referrals(), follow_referrals()) == (1, 0)
    assert points(world, friend) == [(0, 0), (0, 0)]
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("cancelled", "returned")


@pytest.mark.parametrize("looks_first", [True, False])
def test_never_confirmed_both_have_nothing(world, policy, looks_first):
    rule(world.aurora, "Per purchase", effect="fixed", points=7)
    live_by(world.aurora.wallets.get(), activation="on_confirmation", cancel_after_days=30)
    friend = invite(world)
    buy(friend, "50.00", receipt="1", at=clock.now() - timedelta(minutes=1))
    if looks_first:
        follow_referrals()
        assert pending(world.ada) == 100
    cancel_unconfirmed(at=clock.now() + timedelta(days=32))
    relay()
    follow_referrals()
    assert points(world, friend) == [(0, 0), (0, 0)]
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("cancelled", "returned")


def test_tiers_and_caps_go_with_what_is_taken_back(world, policy):
    ladder = TierSet.objects.create(
        program=world.aurora, code="status", name="Status", measure="points", wallet=world.aurora.wallets.get(),
        grace_count=3, grace_unit="months",
    )  # fmt: skip
    Tier.objects.create(tier_set=ladder, code="gold", name="Gold", threshold=100)
    cap = Cap.objects.create(program=world.aurora, activity_type="referral", period="ever", measure="points", limit=100)
    friend = invite(world)
    shop(friend, "50.00")
    used = CapUse.objects.filter(cap=cap).values_list("points", "times")
    assert (tier_codes_of([world.ada]), used.get()) == ({world.ada.pk: "gold"}, (100, 1))
    bring_back(world)
    assert (tier_codes_of([world.ada]), used.get()) == ({world.ada.pk: None}, (0, 0))
    assert points(world, friend) == [(0, 0), (0, 0)]


def test_households_give_back_what_they_got_of_it(world, policy):
    policy.return_days = 0
    policy.save()
    HouseholdPolicy.objects.create(program=world.aurora, wallet=world.aurora.wallets.get(), percent=100)
    friend = invite(world)
    household = found_household(world.ada, name="H", actor="t")
    join_household(friend, code=household.code, actor="t")
    shop(friend, "50.00")
    contribute_due()
    assert (points(world, friend), balance_in(household).active) == ([(0, 0), (0, 0)], 150)
    bring_back(world)
    assert (points(world, friend), balance_in(household).active) == ([(0, 0), (0, 0)], 0)
    assert violations() == {}


def bring_back(world):
    record_return(world.aurora, "till", "1", ReturnFacts(id="all"), actor="t")
    relay()


def cancel(world):
    """By the shop; returns what the purchase itself had earned."""
    settled = cancel_activity(world.aurora, source="till", external_id="1", actor="t", reason="never paid")
    relay()
    return settled.points


def test_brought_back_below_the_minimum_both_have_nothing(world, policy):
    friend = invite(world)
    buy(friend, line("30.00"), line("20.00"), receipt="1", at=clock.now() - timedelta(minutes=1))
    follow_referrals()

    def bring_back(id, position):
        facts = ReturnFacts(id=id, lines=(LineBack(position, Decimal(1)),))
        record_return(world.aurora, source="till", receipt="1", facts=facts, actor="t")
        relay()

    bring_back("r1", 2)
    assert points(world, friend) == [(0, 100), (0, 50)]
    bring_back("r2", 1)
    assert points(world, friend) == [(0, 0), (0, 0)]


def test_an_alias_of_oneself_is_rejected_with_the_reason(world, policy):
    update_member(world.ada, actor="t", email="ada.lovelace@gmail.com")
    friend = invite(world, email="Ada.Love.Lace+2@googlemail.com")
    shop(friend, "50.00")
    referral = Referral.objects.get()
    assert (referral.state, referral.get_reason_display()) == ("refused", "both addresses lead to one mailbox")
    assert points(world, friend) == [(0, 0), (0, 0)]


def test_an_alias_that_shows_later_is_rejected_too(world, policy):
    update_member(world.ada, actor="t", phone="+47 912 34 567")
    friend = invite(world)
    update_member(friend, actor="t", phone="91234567")
    shop(friend, "50.00")
    assert (Referral.objects.get().reason, points(world, friend)) == ("same_phone", [(0, 0), (0, 0)])


def test_a_small_first_order_stays_pending_and_a_later_one_does_not_reopen(world, policy):
    friend = invite(world)
    shop(friend, "10.00")
    shop(friend, "90.00", receipt="2")
    referral = Referral.objects.get()
    assert (referral.state, referral.reason) == ("pending", "below_minimum")
    assert points(world, friend) == [(0, 0), (0, 0)]


def test_exactly_the_minimum_counts(world, policy):
    friend = invite(world)
    shop(friend, "25.00")
    assert points(world, friend) == [(0, 100), (0, 50)]


def test_one_who_is_blocked_costs_both(world, policy):
    friend = invite(world)
    update_member(world.ada, actor="t", status="blocked")
    shop(friend, "50.00")
    assert (Referral.objects.get().reason, Activity.objects.filter(kind="activity").count()) == ("not_active", 0)


def test_without_a_policy_nothing_is_opened(world):
    friend = enrol_member(world.aurora, actor="t", external_id="eve", referred_by=world.ada)
    relay()
    assert open_referral(friend.pk, world.ada.pk) is None
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.b@gmail.com", "AB+x@googlemail.com", True),
        ("a.b@example.org", "ab@example.org", False),
        ("ab+shop@example.org", "ab@example.org", True),
        ("ann@corp.example", "bob@corp.example", False),
        ("a@example.org", "a@example.com", False),
    ],
)
def test_one_mailbox(one, other, same):
    assert (mailbox_of(one) == mailbox_of(other)) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+47 912 34 567", "0047 91234567", True),
        ("+4791234567", "912-34-567", True),
        ("+4791234567", "+4791234568", False),
        ("", "", False),
        ("12345", "12345", False),
    ],
)
def test_one_phone(one, other, same):
    assert is_same_phone(one, other) is same


def test_what_is_taken_back_uses_up_no_cap_and_moves_tiers(world, policy):
    """Once, also where the staff had refused one side before."""
    Cap.objects.create(program=world.aurora, scope="program", period="ever", measure="points", limit=1_000)
    ladder = TierSetFactory(program=world.aurora, measure="points", wallet=world.aurora.wallets.get())
    TierFactory(tier_set=ladder, threshold=100, code="host")
    friend = invite(world)
    bought = shop(friend, "50.00")
    assert (CapUse.objects.values_list("times", "points").get(), tier_codes_of([world.ada])) == (
        (2, 150), {world.ada.pk: "host"},
    )  # fmt: skip
    for _again in range(2):
        take_back_referral(bought.activity_id, is_cancelled=True)
        assert CapUse.objects.values_list("times", "points").get() == (0, 0)
    assert tier_codes_of([world.ada]) == {world.ada.pk: None}
    test = ask_backtest(world.aurora, title="As it is", months=1, user=None)
    work_on_backtests()
    test.refresh_from_db()
    assert test.report["wallets"] == [{"wallet": "points", "before": 0, "after": 0}]


def test_what_came_to_nothing_before_is_not_given_back_to_caps_again(world, policy):
    Cap.objects.create(program=world.aurora, scope="program", period="ever", measure="points", limit=1_000)
    friend = invite(world)
    bought = shop(friend, "50.00")
    given = Activity.objects.get(type="referral")
    cancel_activity(
        world.aurora, source=given.source, external_id=given.external_id, kind="activity", actor="staff:1", reason="no"
    )
    assert CapUse.objects.values_list("times", "points").get() == (1, 50)
    take_back_referral(bought.activity_id, is_cancelled=True)
    assert CapUse.objects.values_list("times", "points").get() == (0, 0)
    assert points(world, friend) == [(0, 0), (0, 0)]
