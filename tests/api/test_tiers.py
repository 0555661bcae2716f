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


def bought(till, member, amount: str, *, receipt: str, key: str, **more) -> dict:
    body = {"source": "till", "receipt": receipt, "member": member.number, "at": "2026-07-20T11:00:00Z",
            "currency": "EUR", "lines": [{"quantity": 1, "amount": amount}]}  # fmt: skip
    answer = till.post("/purchases", body | more, key=key)
    assert answer.status_code == 201, answer.content
    return answer.json()


def moved(before: str | None, after: str | None, ladder: str = "discount") -> dict:
    names = {"from_name": before and before.title(), "to_name": after and after.title()}
    return {"ladder": ladder, "from": before, "to": after, **names}


def test_the_answer_to_a_purchase_tells_what_it_did_to_tiers(till, jeweller, world):
    first = bought(till, world.ada, "900", receipt="1", key="1")
    second = bought(till, world.ada, "6500", receipt="2", key="2")
    third = bought(till, world.ada, "10", receipt="3", key="3")
    changes = [each["tier_changes"] for each in (first, second, third)]
    assert changes == [[], [moved("start", "ruby")], []]  # several at once are one change


def test_the_same_purchase_again_tells_the_same(till, jeweller, world):
    first = bought(till, world.ada, "1500", receipt="1", key="1")
    bought(till, world.ada, "9000", receipt="2", key="2")
    again = bought(till, world.ada, "1500", receipt="1", key="again")
    assert (first["tier_changes"], again["tier_changes"]) == ([moved("start", "pearl")], [moved("start", "pearl")])
    assert (first["replayed"], again["replayed"]) == (False, True)


def test_a_dry_run_of_a_purchase_changes_no_tier(till, jeweller, world):
    body = {"source": "till", "receipt": "1", "member": world.ada.number, "at": "2026-07-20T11:00:00Z",
            "currency": "EUR", "lines": [{"quantity": 1, "amount": "5000"}]}  # fmt: skip
    assert till.post("/purchases?dry_run=true", body).json()["tier_changes"] == []


def test_the_answer_to_a_return_tells_the_tier_that_is_lost(till, jeweller, world):
    jeweller.tier_sets.update(downgrade="at_once")
    jeweller.tier_sets.get().save()
    bought(till, world.ada, "1500", receipt="1", key="1")
    bought(till, world.ada, "2000", receipt="2", key="2")
    address, body = "/purchases/till/2/returns", {"return": "r", "all": True}
    rehearsed = till.post(f"{address}?dry_run=true", body).json()
    assert told(till, world.ada)["tiers"][0]["tier"] == "sapphire"
    first, again = till.post(address, body, key="a").json(), till.post(address, body, key="b").json()
    assert [each["tier_changes"] for each in (rehearsed, first, again)] == [[moved("sapphire", "pearl")]] * 3
    rest = till.post("/purchases/till/1/returns", {"return": "r", "all": True}, key="c").json()
    assert rest["tier_changes"] == [moved("pearl", "start")]
    assert bought(till, world.ada, "2000", receipt="2", key="d")["tier_changes"] == [moved("pearl", "sapphire")]


def test_an_activity_tells_it_too(till, world):
    ladder = TierSet.objects.create(
        program=world.aurora, code="deeds", name="Deeds", measure="activities", activity_types=["visit"]
    )
    Tier.objects.create(tier_set=ladder, code="friend", name="Friend", threshold=1)
    relay()
    body = {"source": "app", "id": "1", "type": "visit", "member": world.ada.number, "at": "2026-07-20T11:00:00Z"}
    answer = till.post("/activities", body, key="1").json()
    assert answer["tier_changes"] == [moved(None, "friend", "deeds")]
