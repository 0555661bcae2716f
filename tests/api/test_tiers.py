"""What a till is told of a member's tiers: above all the discount that it gives for them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from loyalty.outbox.services import relay
from loyalty.programs.models.tiers import Tier, TierSet
from loyalty.programs.services.versions import change_publishing, publish_draft
from tests.api.conftest import till_of
from tests.till import buy

pytestmark = pytest.mark.django_db
LEVELS = (("start", 0, 0), ("pearl", 1_000, 6), ("sapphire", 3_000, 9), ("ruby", 6_000, 12), ("diamond", 10_000, 15))


@pytest.fixture(autouse=True)
def _in_summer():
    with time_machine.travel(datetime(2026, 7, 20, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def jeweller(world):
    row = TierSet.objects.create(
        program=world.aurora, code="discount", name="Your discount", measure="spend", window="lifetime",
        downgrade="never",
    )  # fmt: skip
    for code, threshold, percent in LEVELS:
        Tier.objects.create(
            tier_set=row, code=code, name=code.title(), threshold=threshold, discount_percent=Decimal(percent)
        )
    relay()
    return world.aurora


@pytest.fixture
def till(world):
    return till_of(world.aurora)


def told(till, member) -> dict:
    answer = till.get(f"/members/{member.number}/tiers")
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("spent", "tier", "percent"),
    [
        ("999.99", "start", "0.00"), ("1000", "pearl", "6.00"), ("3000", "sapphire", "9.00"), ("6000", "ruby", "12.00"),
        ("10000", "diamond", "15.00"),
    ],
)  # fmt: skip
def test_levels_of_6_9_12_and_15_per_cent(world, till, jeweller, spent, tier, percent):
    buy(world.ada, spent)
    answer = told(till, world.ada)
    assert (answer["discount_percent"], answer["tiers"][0]["tier"]) == (percent, tier)


def test_everything_that_a_till_may_show(world, till, jeweller):
    buy(world.ada, "1200")
    assert told(till, world.ada) == {
        "discount_percent": "6.00",
        "tiers": [
            {
                "ladder": "discount", "tier": "pearl", "name": "Pearl", "discount_percent": "6.00",
                "multiplier": "1.00", "early_access_hours": 0, "perks": [], "measure": "spend", "counted": "1200.00",
                "next": {"tier": "sapphire", "name": "Sapphire", "missing": "1800.00", "by": None},
                "keeps_until": None, "to_keep": "0.00", "keep_by": None,
            }
        ],
    }  # fmt: skip


def test_of_several_ladders_the_best_discount_counts(world, till, jeweller):
    row = TierSet.objects.create(program=world.aurora, code="visits", name="Visits", measure="purchases", position=1)
    Tier.objects.create(tier_set=row, code="friend", name="Friend", threshold=1, discount_percent=8)
    relay()
    buy(world.ada, "1200")
    answer = told(till, world.ada)
    assert [each["tier"] for each in answer["tiers"]] == ["pearl", "friend"]
    assert answer["discount_percent"] == "8.00"


def test_a_draft_discount_is_not_given_before_it_is_published(world, till, jeweller):
    buy(world.ada, "1200")
    world.aurora.refresh_from_db()
    change_publishing(world.aurora, "draft", actor="test")
    Tier.objects.filter(code="pearl").update(discount_percent=50)
    assert told(till, world.ada)["discount_percent"] == "6.00"


@pytest.mark.parametrize(("spent", "tier"), [("", "start"), ("1200", "pearl")])
def test_the_code_of_a_tier_is_the_published_one(world, till, jeweller, spent, tier):
    """Staff rename rungs and put another ladder first, and do not publish it yet."""
    if spent:
        buy(world.ada, spent)
    world.aurora.refresh_from_db()
    change_publishing(world.aurora, "draft", actor="test")
    Tier.objects.filter(code=tier).update(code="renamed")
    TierSet.objects.update(position=1)
    other = TierSet.objects.create(program=world.aurora, code="visits", name="Visits", measure="purchases")
    Tier.objects.create(tier_set=other, code="guest", name="Guest", threshold=0)
    assert till.get(f"/members/{world.ada.number}").json()["tier"] == tier
    publish_draft(world.aurora, actor="test")
    assert till.get(f"/members/{world.ada.number}").json()["tier"] == "guest"


def test_without_ladders_there_is_nothing_and_strangers_are_not_found(world, till):
    assert told(till, world.ada) == {"discount_percent": "0.00", "tiers": []}
    assert till.get(f"/members/{world.cleo.number}/tiers").status_code == 404
