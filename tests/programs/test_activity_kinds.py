"""Types of activity with a schema: what fits is recorded, what does not is refused with words."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.programs.errors.activities import WrongAttributes
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.facts import ActivityFacts
from loyalty.programs.services.kinds import archive_kind
from tests.factories_of_activities import ActivityKindFactory, KindAttributeFactory
from tests.till import ACTOR, AT, do, earned, rule

pytestmark = pytest.mark.django_db
GOOD = {"garment": "coat", "weight": 2, "first": True}


@pytest.fixture
def repair(world) -> ActivityKind:
    kind = ActivityKindFactory(program=world.aurora, code="repair", name="Repair a garment")
    KindAttributeFactory(kind=kind, name="garment", form="choice", choices="coat, trousers", is_required=True)
    KindAttributeFactory(kind=kind, name="weight", form="number", position=1)
    KindAttributeFactory(kind=kind, name="first", form="yes_no", position=2)
    KindAttributeFactory(kind=kind, name="note", position=3)
    return kind


def test_what_fits_is_recorded_and_earns(world, repair):
    rule(
        world.aurora,
        "Coats",
        ("activity_attribute.garment", "equals", "coat"),
        trigger="repair",
        effect="fixed",
        points=30,
    )
    assert earned(do(world.ada, "repair", attributes=GOOD)) == {"points": 30}
    assert earned(do(world.ada, "repair", id="2", attributes={"garment": "trousers", "weight": Decimal("1.5")})) == {}


@pytest.mark.parametrize(
    ("attributes", "field", "words"),
    [
        ({}, "garment", "“garment” is needed for this type of activity."),
        ({"garment": ""}, "garment", "“garment” is needed for this type of activity."),
        ({"garment": "hat"}, "garment", "“garment” is one of: coat, trousers."),
        ({"garment": "coat", "weight": "heavy"}, "weight", "“weight” is a number."),
        ({"garment": "coat", "weight": True}, "weight", "“weight” is a number."),
        ({"garment": "coat", "first": "yes"}, "first", "“first” is true or false."),
        ({"garment": "coat", "note": 5}, "note", "“note” is text of at most 500 characters."),
        ({"garment": "coat", "note": "x" * 501}, "note", "“note” is text of at most 500 characters."),
        (
            {"garment": "coat", "wieght": 2},
            "wieght",
            "This type of activity has no “wieght”. It has: first, garment, note, weight.",
        ),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_what_does_not_fit_is_refused_with_words(world, repair, attributes, field, words, dry_run):
    facts = ActivityFacts(source="shop", id="1", type="repair", member=world.ada, at=AT, attributes=attributes)
    with pytest.raises(WrongAttributes) as refused:
        record_activity(world.aurora, facts, actor=ACTOR, dry_run=dry_run)
    assert (refused.value.field, str(refused.value)) == (f"attributes/{field}", words)
    assert not Activity.objects.exists()


def test_a_lenient_type_takes_more(world, repair):
    repair.is_strict = False
    repair.save()
    do(world.ada, "repair", attributes={**GOOD, "wieght": 2})
    with pytest.raises(WrongAttributes):
        do(world.ada, "repair", id="2", attributes={"wieght": 2})


def test_types_without_a_definition_stay_free(world, repair):
    do(world.ada, "visit", attributes={"anything": [1, 2]})
    assert do(world.cleo, "repair", attributes={"anything": 1}).activity_id


def test_a_change_holds_from_the_next_activity_on(world, repair):
    do(world.ada, "repair", attributes=GOOD)
    repair.attributes.filter(name="weight").delete()
    with pytest.raises(WrongAttributes):
        do(world.ada, "repair", id="2", attributes=GOOD)
    archive_kind(repair, actor="staff:1")
    do(world.ada, "repair", id="2", attributes=GOOD)


def test_what_was_recorded_answers_as_before_though_the_type_changed(world, repair):
    first = do(world.ada, "repair", attributes=GOOD)
    repair.attributes.all().delete()
    assert do(world.ada, "repair", attributes=GOOD).activity_id == first.activity_id


def test_what_laurel_itself_tells_always_fits(world):
    ActivityKindFactory(program=world.aurora, code="review", name="A review")
    do(world.ada, "review", attributes={"product": "coffee", "stars": 5})
    with pytest.raises(WrongAttributes):
        do(world.ada, "review", id="2", attributes={"produkt": "coffee"})


def test_archiving_twice_is_harmless_and_signed(world, repair):
    archive_kind(repair, actor="staff:1")
    archived = archive_kind(repair, actor="staff:1")
    assert archived.is_archived
    assert [row.history_change_reason for row in repair.history.all()] == ["staff:1", None]


def test_it_costs_one_look_per_configuration(world, repair):
    do(world.ada, "repair", attributes=GOOD)

    with CaptureQueriesContext(connection) as again:
        do(world.ada, "repair", id="2", attributes=GOOD)
    assert [each["sql"] for each in again if "activitykind" in each["sql"]] == []
