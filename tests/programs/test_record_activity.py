"""Anything else that members do: reviews, visits, surveys, whatever the shop sends."""

from dataclasses import replace

import pytest
import time_machine

from loyalty.programs.errors.activities import ReceiptReused, WrongFacts
from loyalty.programs.models.activity import Activity
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.facts import ActivityFacts
from tests.till import ACTOR, AT, active, buy, do, earned, rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _reviews_earn(world):
    rule(world.aurora, "Thank you for your review", trigger="review", effect="fixed", points=20)


def test_a_review_earns_and_is_stored(world):
    recorded = do(world.ada, "review", attributes={"stars": 5})
    assert (earned(recorded), active(world.ada)) == ({"points": 20}, 20)
    activity = Activity.objects.get()
    assert (activity.kind, activity.type, activity.attributes, activity.currency) == (
        "activity",
        "review",
        {"stars": 5},
        "",
    )


def test_rules_for_other_activities_are_not_mentioned(world):
    assert [step.rule_name for step in do(world.ada, "review").explanation] == ["Thank you for your review"]
    assert do(world.ada, "visit", id="2").explanation == ()


def test_it_counts_once(world):
    first = do(world.ada, "review")
    assert do(world.ada, "review") == replace(first, replayed=True)
    with pytest.raises(ReceiptReused):
        do(world.ada, "visit")
    with pytest.raises(ReceiptReused):
        do(world.ben, "review")
    assert active(world.ada) == 20


def test_a_purchase_and_an_activity_may_have_one_identity(world):
    buy(world.ada, "10", receipt="7", source="shop")
    do(world.ada, "review", id="7")
    assert active(world.ada) == 30


def test_an_activity_is_no_first_purchase(world):
    rule(world.aurora, "Welcome", ("first_purchase", "equals", "yes"), effect="fixed", points=50)
    do(world.ada, "review")
    assert earned(buy(world.ada, "10")) == {"points": 60}


def test_conditions_on_its_attributes(world):
    stars = ("activity_attribute.stars", "gte", "4")
    rule(world.aurora, "For praise", stars, trigger="review", effect="fixed", points=5)
    assert earned(do(world.ada, "review", id="1", attributes={"stars": 5})) == {"points": 25}
    assert earned(do(world.ada, "review", id="2", attributes={"stars": 3})) == {"points": 20}


def test_a_dry_run_stores_nothing(world):
    facts = ActivityFacts(source="shop", id="1", type="review", member=world.ada, at=AT)
    assert earned(record_activity(world.aurora, facts, actor=ACTOR, dry_run=True)) == {"points": 20}
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"type": "purchase"}, "type"),
        ({"type": "Review"}, "type"),
        ({"type": ""}, "type"),
        ({"type": "x" * 41}, "type"),
        ({"id": ""}, "id"),
        ({"source": "a b"}, "source"),
        ({"attributes": {"x": {1, 2}}}, "attributes"),
    ],
)
def test_nonsense_is_refused(world, facts, field):
    sound = ActivityFacts(source="shop", id="1", type="review", member=world.ada, at=AT)
    with pytest.raises(WrongFacts) as refused:
        record_activity(world.aurora, replace(sound, **facts), actor=ACTOR)
    assert refused.value.field == field
    assert not Activity.objects.exists()


def test_a_visit_keeps_sliding_points_alive_though_it_earns_nothing(world):
    world.aurora.wallets.update(expiry="sliding", expiry_months=6)
    with time_machine.travel(AT) as moving:
        do(world.ada, "review")
        moving.move_to(AT.replace(month=8))
        do(world.ada, "visit", id="2", at=AT.replace(month=8))
        moving.move_to(AT.replace(month=10))
        assert active(world.ada) == 20
