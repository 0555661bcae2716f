"""What a tier does to what members earn, and every way by which what is counted changes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine

from loyalty.lib.dates import full_day
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.models.wallet import Wallet
from loyalty.programs.queries.tiers import changes_of, tier_codes_of
from loyalty.programs.rules.benefits import prolonged
from loyalty.programs.rules.occurrence import Line
from loyalty.programs.services.activities import record_activity, record_purchase
from loyalty.programs.services.batches import record_purchases
from loyalty.programs.services.confirmation import cancel_activity
from loyalty.programs.services.facts import ActivityFacts, LineBack, PurchaseFacts, ReturnFacts
from loyalty.programs.services.imports import import_purchases
from loyalty.programs.services.points import adjust_points
from loyalty.programs.services.returns import record_return
from tests.world import ACTOR, World

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _summer():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def ladder(world: World) -> TierSet:
    """Silver from 100, Gold from 300 spent in a year; Gold earns half as much again, for three months longer."""
    row = TierSet.objects.create(program=world.aurora, code="status", name="Status", measure="spend")
    Tier.objects.create(tier_set=row, code="silver", name="Silver", threshold=100)
    Tier.objects.create(
        tier_set=row, code="gold", name="Gold", threshold=300, multiplier=Decimal("1.5"), expiry_extra_months=3
    )
    return row


def facts(member, receipt: str, *amounts, at=NOON) -> PurchaseFacts:
    lines = tuple(Line(Decimal(amount)) for amount in amounts)
    return PurchaseFacts(source="till", receipt=receipt, member=member, at=at, currency="EUR", lines=lines)


def buy(member, receipt: str, *amounts):
    return record_purchase(member.program, facts(member, receipt, *amounts), actor=ACTOR)


def code_of(member):
    return tier_codes_of([member])[member.pk]


def test_the_call_that_crosses_the_threshold_lifts_and_the_next_purchase_earns_by_it(world: World, ladder):
    assert buy(world.ada, "1", 300).awards[0].points == 300
    assert code_of(world.ada) == "gold"
    assert changes_of(world.ada)[0].activity.external_id == "1"
    second = buy(world.ada, "2", 101)
    assert second.awards[0].points == 151
    assert [(step.rule_name, step.code, step.points, step.params.get("factor")) for step in second.explanation] == [
        ("Purchases", "rate", 101, None), ("Gold", "multiplier", 50, "1.50"),
    ]  # fmt: skip


def test_points_of_the_tier_live_longer(world: World, ladder):
    first, second = buy(world.ada, "1", 300), buy(world.ada, "2", 10)
    zone = "Europe/Oslo"
    assert second.awards[0].expires_at == prolonged(first.awards[0].expires_at, 3, zone)
    assert full_day((second.awards[0].expires_at - timedelta(days=1)).date()) == "19 October 2027"


def test_a_qualifying_wallet_is_not_raised(world: World, ladder):
    Wallet.objects.filter(program=world.aurora).update(is_spendable=False)
    world.aurora.save()
    buy(world.ada, "1", 300)
    assert buy(world.ada, "2", 100).awards[0].points == 100


def test_a_return_takes_what_was_recorded_and_the_tier(world: World, ladder):
    buy(world.ada, "1", 250)
    buy(world.ada, "2", 50)
    buy(world.ada, "3", 40, 40)
    assert code_of(world.ada) == "gold"
    back = record_return(world.aurora, "till", "1", ReturnFacts(id="r"), actor=ACTOR)
    assert [each.points for each in back.clawbacks] == [250]
    assert code_of(world.ada) == "silver"
    lines = record_return(world.aurora, "till", "3", ReturnFacts(id="r", lines=(LineBack(1, Decimal(1)),)), actor=ACTOR)
    assert [each.points for each in lines.clawbacks] == [60]


def test_a_batch_lifts_too_and_judges_in_order_of_time(world: World, ladder):
    later = facts(world.ada, "2", 100, at=NOON - timedelta(hours=1))
    first = facts(world.ada, "1", 300, at=NOON - timedelta(hours=2))
    answers = record_purchases(world.aurora, [later, first, facts(world.ben, "3", 100)], actor=ACTOR)
    assert [each.awards[0].points for each in answers] == [150, 300, 100]
    assert (code_of(world.ada), code_of(world.ben)) == ("gold", "silver")


def test_a_file_lifts_all_who_stand_in_it(world: World, ladder):
    rows = (
        "external_id,member,occurred_on,quantity,amount,currency\n"
        "1,ada,2026-07-01,1,300,EUR\n2,ben,2026-07-01,1,99.99,EUR\n3,new,2026-07-01,1,100,EUR\n"
    )
    report = import_purchases(world.aurora, BytesIO(rows.encode()), actor=ACTOR)
    assert report.imported == 3
    assert (code_of(world.ada), code_of(world.ben)) == ("gold", None)
    assert code_of(world.aurora.members.get(external_id="new")) == "silver"


def test_activities_points_by_hand_and_cancelled_ones(world: World):
    wallet = world.aurora.wallets.get(code="points")
    row = TierSet.objects.create(program=world.aurora, code="p", name="P", measure="points", wallet=wallet)
    Tier.objects.create(tier_set=row, code="silver", name="Silver", threshold=100)
    adjust_points(world.ada, wallet, points=100, reason="Sorry", key="k", actor=ACTOR)
    assert code_of(world.ada) == "silver"
    wallet.activation, wallet.cancel_after_days = Wallet.Activation.ON_CONFIRMATION, 30
    wallet.save()
    buy(world.ben, "1", 100)
    assert code_of(world.ben) == "silver"
    cancel_activity(world.aurora, source="till", external_id="1", actor=ACTOR, reason="not paid")
    assert code_of(world.ben) is None


def test_activities_are_followed(world: World):
    row = TierSet.objects.create(program=world.aurora, code="a", name="A", measure="activities")
    Tier.objects.create(tier_set=row, code="critic", name="Critic", threshold=1)
    review = ActivityFacts(source="shop", id="1", type="review", member=world.ada, at=NOON)
    record_activity(world.aurora, review, actor=ACTOR)
    assert code_of(world.ada) == "critic"


def test_the_last_day_of_a_month_stays_one():
    zone = "Europe/Oslo"
    end = datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert prolonged(end, 1, zone) == datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert prolonged(end, 0, zone) == end
    assert prolonged(None, 3, zone) is None
