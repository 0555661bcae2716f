"""Other people's bugs with refunds, tiers and referrals, each replayed by name (sources: the scenarios)."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from loyalty.ledger import services as ledger
from loyalty.lib import clock
from loyalty.members.services.members import enrol_member, update_member
from loyalty.outbox.services import relay
from loyalty.programs.errors.activities import UnknownActivity
from loyalty.programs.models.referrals import Referral
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.queries.statement import statement_of
from loyalty.programs.queries.tiers import tier_codes_of
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.confirmation import cancel_activity
from loyalty.programs.services.facts import LineBack, ReturnFacts
from loyalty.programs.services.jobs import activate_points
from loyalty.programs.services.referrals import follow_referrals
from loyalty.programs.services.returns import record_return
from tests.factories_of_activities import ReferralPolicyFactory
from tests.ledger.purse import violations
from tests.till import ACTOR, AT, active, buy, line, live_by, pending, purchase, rule, without_rules

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at(world):
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller
    assert violations() == {}


def bring_back(member, *lines, id="r1", receipt="1001"):
    backs = tuple(LineBack(position, Decimal(str(quantity))) for position, quantity in lines)
    return record_return(member.program, "till", receipt, ReturnFacts(id=id, lines=backs), actor=ACTOR)


def taken(returned) -> list[int]:
    return [claw.points for claw in returned.clawbacks]


def spend(member, points, key="spend"):
    account = ledger.open_account(wallet_id=member.program.wallets.get().pk, subject=member.subject)
    ledger.spend(account, points=points, key=key, at=clock.now(), actor=ACTOR)


def ladder_of(program, **rungs):
    row = TierSet.objects.create(program=program, code="status", name="Status", measure="spend")
    for code, (threshold, factor) in rungs.items():
        Tier.objects.create(tier_set=row, code=code, name=code.title(), threshold=threshold, multiplier=factor)
    return row


# --- Refunds ----------------------------------------------------------------------------------------------------------


def test_nopcommerce_5757_a_refund_was_reckoned_by_the_rate_of_today(world):
    """Points were taken by the rate at the time of the refund. Neither a new rate nor a tier since then matters."""
    buy(world.ada, "50.00", "50.00")
    world.aurora.rules.update(points=2)
    ladder_of(world.aurora, gold=(0, 5))
    assert [taken(bring_back(world.ada, (place, 1), id=f"r{place}")) for place in (2, 1)] == [[50], [50]]
    assert active(world.ada) == 0


def test_talon_one_a_return_of_spent_points_by_each_policy(world):
    """What a return does when points are gone is the program's to choose, and a debt is repaid by the next points."""
    world.aurora.debt_policy = "unlimited"
    world.aurora.save()
    buy(world.ada, "100")
    spend(world.ada, 50)
    assert taken(bring_back(world.ada)) == [100]
    buy(world.ada, "60", receipt="next")
    assert active(world.ada) == 10


def test_setono_and_voucherify_have_no_partial_refund_so_that_roundings_add_up_to_more(world):
    """A third of a purchase at a time, by quantity with decimals: never a point more or less than was earned."""
    buy(world.ada, line("99.99", quantity="1.5"))
    parts = [taken(bring_back(world.ada, (1, "0.5"), id=f"r{part}")) for part in range(3)]
    assert (parts, active(world.ada)) == ([[33], [33], [33]], 0)


def test_a_refund_that_arrives_before_its_sale_is_not_booked_against_nothing(world):
    with pytest.raises(UnknownActivity):
        bring_back(world.ada)
    buy(world.ada, "100")
    assert taken(bring_back(world.ada)) == [100]


def test_a_refund_of_points_that_have_expired_takes_no_others(world, at):
    world.aurora.debt_policy = "unlimited"
    world.aurora.save()
    live_by(world.aurora.wallets.get(), expiry="rolling", expiry_months=1)
    buy(world.ada, "100")
    at.move_to(AT + timedelta(days=60))
    ledger.expire_due(wallet_ids=[world.aurora.wallets.get().pk], at=clock.now(), actor=ACTOR)
    buy(world.ada, "40", receipt="later", at=clock.now())
    before = active(world.ada)
    (claw,) = bring_back(world.ada).clawbacks
    assert (before, claw.points, claw.waived, active(world.ada)) == (40, 0, 100, 40)


# --- Awards -----------------------------------------------------------------------------------------------------------


def test_compressor_1476_an_order_delivered_twice_was_paid_twice(world):
    """Alone, in a batch, and twice in one batch: one entry."""
    order = purchase(world.ada, "500", receipt="99")
    record_purchases(world.aurora, [order, order], actor=ACTOR)
    record_purchases(world.aurora, [order], actor=ACTOR)
    buy(world.ada, "500", receipt="99")
    assert [row.points for row in statement_of(world.ada).rows] == [500]


# --- Tiers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_batch", [False, True], ids=["alone", "in a batch"])
def test_erpnext_22167_and_24672_the_order_that_crosses_the_threshold_was_left_out(world, is_batch):
    """The tier was chosen by what had been spent before, so that it came an order too late."""
    ladder_of(world.aurora, bronze=(0, 1), silver=(10_000, 1))
    for receipt, amount, tier in (("1", "8000", "bronze"), ("2", "2000", "silver")):
        if is_batch:
            record_purchases(world.aurora, [purchase(world.ada, amount, receipt=receipt)], actor=ACTOR)
        else:
            buy(world.ada, amount, receipt=receipt)
        assert tier_codes_of([world.ada]) == {world.ada.pk: tier}


def test_a_tier_bought_and_brought_back_was_kept(world):
    """Buy to the top, take the benefits, return everything: the tier goes in the same call."""
    ladder_of(world.aurora, bronze=(0, 1), gold=(1_000, 2))
    buy(world.ada, "1000")
    buy(world.ada, "10", receipt="with the benefit")
    bring_back(world.ada)
    assert tier_codes_of([world.ada]) == {world.ada.pk: "bronze"}
    buy(world.ada, "10", receipt="without")
    assert active(world.ada) == 20 + 10


# --- Referrals --------------------------------------------------------------------------------------------------------


@pytest.fixture
def invitations(world):
    without_rules(world.aurora)
    rule(world.aurora, "Per purchase", effect="fixed", points=7)
    rule(world.aurora, "For bringing a friend", trigger="referral", effect="fixed", points=100)
    rule(world.aurora, "For coming along", trigger="referred", effect="fixed", points=50)
    return ReferralPolicyFactory(program=world.aurora, minimum_purchase=25, return_days=14)


def invite(world, email="eve@example.org"):
    friend = enrol_member(world.aurora, actor="t", external_id="eve", email=email, referred_by=world.ada)
    relay()
    return friend


def test_setono_a_referral_that_was_cancelled_came_back_with_the_next_order(world, invitations):
    """S67: 50.00 over a minimum of 25.00 pays both once; cancelled both have 0; a later order does not pay again."""
    friend = invite(world)
    buy(friend, "50.00", receipt="1")
    for _delivery in range(2):
        follow_referrals()
        relay()
    assert [(active(each), pending(each)) for each in (world.ada, friend)] == [(0, 100), (7, 50)]
    cancel_activity(world.aurora, source="till", external_id="1", actor="t", reason="never paid")
    relay()
    assert [(active(each), pending(each)) for each in (world.ada, friend)] == [(0, 0), (0, 0)]
    buy(friend, "90.00", receipt="2")
    follow_referrals()
    relay()
    assert [(active(each), pending(each)) for each in (world.ada, friend)] == [(0, 0), (7, 0)]


def test_a_reward_that_was_spent_before_the_friend_brought_everything_back(world, invitations, at):
    """Both sides are asked for what they got, within their balances; neither falls below nothing."""
    friend = invite(world)
    buy(friend, "50.00", receipt="1")
    follow_referrals()
    at.shift(timedelta(days=14))
    activate_points()
    spend(world.ada, 80)
    assert (active(world.ada), active(friend)) == (20, 57)
    bring_back(friend, receipt="1")
    relay()
    assert (active(world.ada), active(friend)) == (0, 0)


def test_setono_an_alias_of_oneself_and_a_small_first_order(world, invitations):
    """S67: the alias is refused with its reason; 10.00 leaves it pending, and a later 90.00 does not reopen it."""
    update_member(world.ada, actor="t", email="ada@gmail.com")
    alias = invite(world, "a.d.a+shop@gmail.com")
    buy(alias, "50.00", receipt="1")
    follow_referrals()
    assert (Referral.objects.get().state, Referral.objects.get().reason) == ("refused", "same_email")
    assert active(world.ada) == 0
