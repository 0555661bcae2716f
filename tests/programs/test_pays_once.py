"""Types that pay once: the same act under another id is recorded, earns nothing, and says why."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty.lib import clock
from loyalty.members.services.members import update_member
from loyalty.programs.errors.activities import ReceiptReused
from loyalty.programs.errors.documents import WrongDocument
from loyalty.programs.models.activity import Activity
from loyalty.programs.models.kinds import ActivityKind
from loyalty.programs.queries.configuration import configuration_of
from loyalty.programs.queries.documents import document_of
from loyalty.programs.rules.once import Once
from loyalty.programs.rules.wording.steps import why
from loyalty.programs.services.activities import record_activity
from loyalty.programs.services.confirmation import cancel_activity
from loyalty.programs.services.documents import load_document
from loyalty.programs.services.facts import ActivityFacts
from loyalty.programs.services.occasions import celebrate
from loyalty.programs.services.replaying import replay
from tests.factories_of_activities import ActivityKindFactory, KindAttributeFactory
from tests.factories_of_programs import CapFactory
from tests.till import ACTOR, AT, active, do, earned, rule

pytestmark = pytest.mark.django_db
UNITS = ("point", "points")
LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # half past midnight in Oslo, on 3 March


@pytest.fixture
def video(world) -> ActivityKind:
    rule(world.aurora, "Videos", trigger="video", effect="fixed", points=5)
    kind = ActivityKindFactory(program=world.aurora, code="video", name="Watch a video")
    KindAttributeFactory(kind=kind, name="video", is_required=True)
    KindAttributeFactory(kind=kind, name="seconds", form="number", position=1)
    return kind


def pays(kind: ActivityKind, pays: str, pays_for: str = "") -> None:
    kind.pays, kind.pays_for = pays, pays_for
    kind.save()


def watch(member, id: str, video: str = "intro", **facts) -> int:
    """Points for one activity."""
    attributes = {"video": video, **facts.pop("more", {})}
    return earned(do(member, "video", id=id, attributes=attributes, **facts)).get("points", 0)


def test_as_before_every_id_pays(world, video):
    assert [watch(world.ada, id) for id in "123"] == [5, 5, 5]
    assert set(Activity.objects.values_list("once", flat=True)) == {None}


def test_once_ever_for_each_member(world, video):
    pays(video, "ever")
    assert [watch(world.ada, "1"), watch(world.ada, "2", "other"), watch(world.ada, "3", at=LATE)] == [5, 0, 0]
    assert (watch(world.ben, "4"), active(world.ada), active(world.ben)) == (5, 5, 5)
    assert Activity.objects.count() == 4  # what is done again is recorded


def test_once_a_day_of_the_programs_zone(world, video):
    pays(video, "daily")
    assert [watch(world.ada, "1"), watch(world.ada, "2", "other", at=AT + timedelta(hours=9))] == [5, 0]
    assert [watch(world.ada, "3", at=LATE), watch(world.ada, "4", at=AT - timedelta(days=1))] == [5, 5]


def test_once_for_each_value(world, video):
    pays(video, "value", "video")
    assert [watch(world.ada, "1"), watch(world.ada, "2", "end"), watch(world.ada, "3"), watch(world.ben, "4")] == [
        5, 5, 0, 5,
    ]  # fmt: skip
    assert watch(world.ada, "5", "end", more={"seconds": 12}, at=AT + timedelta(days=99)) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, Decimal("1.00")), (1, 1.0), (True, True), ("intro", "intro"), (Decimal("1.50"), "1.5"), (None, "")],
)
def test_a_value_has_one_spelling(one, other):
    once = Once(1, "Watch", "value", "video")
    assert once.slot({"video": one}, AT, "UTC").key == once.slot({"video": other}, AT, "UTC").key
    assert once.slot({"video": one}, AT, "UTC").key != once.slot({"video": "else"}, AT, "UTC").key


def test_the_answer_says_that_it_is_earned_already(world, video):
    said = {}
    for how, attribute in (("ever", ""), ("daily", ""), ("value", "video")):
        pays(video, how, attribute)
        day = AT + timedelta(days=len(said))
        if how == "value":
            watch(world.ada, "value first", at=day)
        else:
            watch(world.ada, f"{how} first", at=day, video=how)
        (*_, step) = do(world.ada, "video", id=f"{how} again", at=day, attributes={"video": "intro"}).explanation
        said[how] = (step.rule_name, step.points, why(step, UNITS, "EUR", zone="Europe/Oslo"))
    assert said == {
        "ever": ("Watch a video", -5, "Already earned on 2 March 2026, 11:30 a.m.: it pays once"),
        "daily": ("Watch a video", -5, "Already earned on 3 March 2026, 11:30 a.m.: it pays once a day"),
        "value": (
            "Watch a video",
            -5,
            "Already earned for “intro” on 4 March 2026, 11:30 a.m.: it pays once for each “video”",
        ),
    }


def test_a_dry_run_knows(world, video):
    pays(video, "ever")
    facts = ActivityFacts(source="app", id="x", type="video", member=world.ada, at=AT, attributes={"video": "intro"})
    assert earned(record_activity(world.aurora, facts, actor=ACTOR, dry_run=True)) == {"points": 5}
    watch(world.ada, "1")
    assert earned(record_activity(world.aurora, facts, actor=ACTOR, dry_run=True)) == {}


def test_the_same_id_answers_as_the_first_time(world, video):
    pays(video, "ever")
    first = do(world.ada, "video", id="1", attributes={"video": "intro"})
    again = do(world.ada, "video", id="1", attributes={"video": "intro"})
    assert (again.activity_id, again.awards, again.replayed) == (first.activity_id, first.awards, True)
    with pytest.raises(ReceiptReused):
        watch(world.ada, "1", "other")


def test_what_earned_nothing_leaves_it_open(world, video):
    pays(video, "ever")
    rules = world.aurora.rules.filter(trigger="video")
    rules.update(is_active=False)
    video.save()  # the configuration is told
    assert watch(world.ada, "1") == 0
    rules.update(is_active=True)
    video.save()
    assert [watch(world.ada, "2"), watch(world.ada, "3")] == [5, 0]


def test_what_was_paid_before_the_type_paid_once_counts(world, video):
    assert watch(world.ada, "1") == 5
    pays(video, "value", "video")
    assert [watch(world.ada, "2"), watch(world.ada, "3", "other")] == [0, 5]
    pays(video, "ever")
    assert watch(world.ada, "4", "third") == 0


def test_another_zone_does_not_pay_the_day_twice(world, video):
    pays(video, "daily")
    assert watch(world.ada, "1", at=LATE) == 5
    world.aurora.time_zone = "Pacific/Auckland"
    world.aurora.save()
    assert watch(world.ada, "2", at=LATE - timedelta(hours=12, minutes=29)) == 0  # 3 March there, too


def test_what_is_cancelled_can_be_earned_anew(world, video):
    wallet = world.aurora.wallets.get()
    wallet.activation, wallet.cancel_after_days = "on_confirmation", 30
    wallet.save()
    pays(video, "ever")
    assert watch(world.ada, "1", at=clock.now()) == 5
    assert watch(world.ada, "2", at=clock.now()) == 0
    cancel_activity(world.aurora, source="shop", external_id="1", kind="activity", actor="test", reason="Not seen")
    assert [watch(world.ada, "3", at=clock.now()), watch(world.ada, "4", at=clock.now())] == [5, 0]
    reproduced(world.aurora)


@pytest.mark.parametrize(
    ("type", "acts"),
    [
        # day, what was told, what it earns
        ("profile", [(0, {}, 5), (400, {}, 0)]),
        ("birthday", [(0, {}, 5), (200, {}, 0), (300, {}, 5)]),
        ("anniversary", [(0, {"years": 1}, 5), (1, {"years": 2}, 0), (366, {"years": 2}, 5)]),
        ("app_open", [(0, {}, 5), (0, {}, 0), (1, {}, 5)]),
        ("survey", [(0, {"survey": "a"}, 5), (1, {"survey": "a"}, 0), (1, {"survey": "b"}, 5)]),
        ("video", [(0, {"video": "a"}, 5), (1, {"video": "a"}, 0), (1, {"video": "b"}, 5)]),
        ("review", [(0, {"product": "a"}, 5), (1, {"product": "a", "stars": 3}, 0), (1, {}, 5), (1, {}, 5)]),
        ("event", [(0, {"place": "gala"}, 5), (1, {"place": "gala"}, 0)]),
        ("visit", [(0, {"place": "a"}, 5), (0, {"place": "a"}, 0), (0, {"place": "b"}, 5), (1, {"place": "a"}, 5)]),
        ("repair", [(0, {}, 5), (0, {}, 5)]),
    ],
)
def test_what_laurel_knows_pays_once_whoever_tells_of_it(world, type, acts):
    rule(world.aurora, "Reward", trigger=type, effect="fixed", points=5)
    given = []
    for number, (day, told, _points) in enumerate(acts):
        at = datetime(2025, 3, 10, 12, tzinfo=UTC) + timedelta(days=day)
        given.append(earned(do(world.ada, type, id=str(number), at=at, attributes=told)).get("points", 0))
    assert given == [points for _day, _told, points in acts]
    reproduced(world.aurora)


def test_a_type_that_the_program_names_itself_pays_as_it_says(world, video):
    assert [watch(world.ada, "1"), watch(world.ada, "2")] == [5, 5]
    video.is_archived = True
    video.save()
    assert [watch(world.ada, "3"), watch(world.ben, "4"), watch(world.ben, "5")] == [0, 5, 0]


def test_birthdays_kept_by_laurel_are_not_paid_again_by_a_shop(world):
    rule(world.aurora, "Birthday", trigger="birthday", effect="fixed", points=5)
    today = clock.now().date()
    update_member(world.ada, actor="t", birth_date=today.replace(year=1990))
    celebrate(program=world.aurora)
    again = do(world.ada, "birthday", id="crm", at=clock.now())
    assert (earned(again), active(world.ada)) == ({}, 5)


def test_a_cap_beside_it_counts_what_was_paid(world, video):
    pays(video, "value", "video")
    CapFactory(program=world.aurora, rule=None, activity_type="video", period="ever", measure="times", limit=2)
    ids = [("1", "a"), ("2", "a"), ("3", "b"), ("4", "c")]
    assert [watch(world.ada, id, name, at=clock.now()) for id, name in ids] == [5, 0, 5, 0]
    reproduced(world.aurora)


def test_a_backtest_pays_once_as_well(world, video):
    for id, name in (("1", "a"), ("2", "b"), ("3", "a")):
        watch(world.ada, id, name, at=clock.now())
    gives = {}
    for how, attribute in (("every", ""), ("value", "video"), ("daily", ""), ("ever", "")):
        pays(video, how, attribute)
        gives[how] = replayed(world.aurora).after["points"]
    assert gives == {"every": 15, "value": 10, "daily": 5, "ever": 5}


def replayed(program):
    since = clock.now() - timedelta(days=30)
    return replay(configuration_of(program), since=since, until=clock.now() + timedelta(minutes=1))


def reproduced(program) -> None:
    found = replayed(program)
    assert (dict(found.after), found.others) == (dict(found.before), 0)


def test_it_stands_in_the_document_and_comes_back(world, video):
    pays(video, "value", "video")
    document = document_of(world.aurora)
    (entry,) = document["activity_types"]
    assert (entry["pays"], entry["pays_for"]) == ("value", "video")
    pays(video, "ever")
    load_document(world.aurora, document, actor="test")
    video.refresh_from_db()
    assert (video.pays, video.pays_for) == ("value", "video")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pays": "value", "pays_for": ""}, "“Once for each value” names an attribute, and nothing else does."),
        ({"pays": "ever", "pays_for": "video"}, "“Once for each value” names an attribute, and nothing else does."),
        ({"pays": "value", "pays_for": "seconds"}, "“seconds” is none of the attributes that are needed."),
        ({"pays": "weekly"}, "is not a valid choice"),
    ],
)
def test_a_document_that_makes_no_sense_is_refused(world, video, changes, words):
    document = document_of(world.aurora)
    document["activity_types"][0] |= changes
    with pytest.raises(WrongDocument) as refused:
        load_document(world.aurora, document, actor="test")
    assert words in str(refused.value)
