"""What earns by itself: complete profiles, birthdays, anniversaries, the app, videos. Nothing of it twice."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from loyalty.members.models import Member
from loyalty.members.services.members import update_member
from loyalty.outbox.models import Message
from loyalty.outbox.services import relay
from loyalty.programs.errors.activities import WrongFacts
from loyalty.programs.models.activity import Activity
from loyalty.programs.services.occasions import celebrate, complete_profile, open_app, watch_video
from tests.factories_of_activities import ActivityKindFactory
from tests.till import active, rule

pytestmark = pytest.mark.django_db
ACTOR = "test"


def pays(world, type, points=50):
    return rule(world.aurora, f"For {type}", trigger=type, effect="fixed", points=points)


def at(text: str):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestProfile:
    @pytest.fixture(autouse=True)
    def _pays(self, world):
        pays(world, "profile")

    def test_it_pays_once_it_is_complete_and_never_again(self, world):
        assert complete_profile(world.ada.pk, actor=ACTOR) is None
        update_member(world.ada, actor=ACTOR, birth_date=date(1990, 5, 4))
        assert complete_profile(world.ada.pk, actor=ACTOR)
        update_member(world.ada, actor=ACTOR, name="")
        update_member(world.ada, actor=ACTOR, name="Ada L.")
        assert complete_profile(world.ada.pk, actor=ACTOR) is None
        assert active(world.ada) == 50

    def test_whoever_changes_it_is_heard(self, world):
        update_member(world.ada, actor=ACTOR, birth_date=date(1990, 5, 4))
        told = Message.objects.filter(subscriber="loyalty.programs.subscribers.note_profile")
        assert told.exists()
        relay()
        assert active(world.ada) == 50

    def test_whoever_left_earns_nothing(self, world):
        update_member(world.ada, actor=ACTOR, birth_date=date(1990, 5, 4), status="left")
        assert complete_profile(world.ada.pk, actor=ACTOR) is None
        assert complete_profile(0, actor=ACTOR) is None


class TestBirthday:
    @pytest.fixture(autouse=True)
    def _born(self, world):
        pays(world, "birthday")
        with time_machine.travel(at("2024-01-01"), tick=False):
            update_member(world.ada, actor=ACTOR, birth_date=date(2000, 2, 29))
        Member.objects.filter(pk=world.ada.pk).update(joined_at=at("2024-01-01"))

    def test_it_is_kept_once_a_year_however_often_the_job_runs(self, world):
        assert [celebrate(at=at(when)) for when in ("2025-02-27T12:00", "2025-02-28T12:00", "2025-02-28T13:00")] == [
            0,
            1,
            0,
        ]
        assert celebrate(at=at("2025-03-01T12:00")) == 0
        assert celebrate(at=at("2026-02-28T12:00")) == 1
        assert Activity.objects.count() == 2

    def test_in_leap_years_on_the_very_day(self, world):
        assert [celebrate(at=at(when)) for when in ("2024-02-28T12:00", "2024-02-29T12:00")] == [0, 1]

    def test_the_brand_may_choose_the_first_of_march(self, world):
        ActivityKindFactory(program=world.aurora, code="birthday", leap_day="03-01")
        assert [celebrate(at=at(when)) for when in ("2025-02-28T12:00", "2025-03-01T12:00")] == [0, 1]

    def test_days_begin_in_the_programs_zone(self, world):
        assert [celebrate(at=at(when)) for when in ("2025-02-27T22:59", "2025-02-27T23:00")] == [0, 1]
        assert Activity.objects.get().event_at == at("2025-02-27T23:00")

    def test_a_late_run_makes_up_for_a_week(self, world):
        assert [celebrate(at=at(when)) for when in ("2025-03-06T12:00", "2025-03-06T13:00")] == [1, 0]
        assert celebrate(at=at("2026-03-07T12:00")) == 0

    def test_one_who_joined_after_the_day_waits_for_the_next(self, world):
        Member.objects.filter(pk=world.ada.pk).update(joined_at=at("2025-03-02"))
        assert [celebrate(at=at(when)) for when in ("2025-03-03T12:00", "2026-02-28T12:00")] == [0, 1]

    def test_moving_the_birthday_pays_no_second_time_in_a_year(self, world):
        celebrate(at=at("2025-02-28T12:00"))
        update_member(world.ada, actor=ACTOR, birth_date=date(2000, 6, 1))
        assert celebrate(at=at("2025-06-01T12:00")) == 0

    def test_without_a_rule_nothing_is_recorded(self, world):
        world.aurora.rules.filter(trigger="birthday").update(is_active=False)
        assert celebrate(at=at("2025-02-28T12:00")) == 0

    def test_one_refusal_stops_nobody(self, world):
        kind = ActivityKindFactory(program=world.aurora, code="birthday")
        kind.attributes.create(name="cake", is_required=True)
        assert celebrate(at=at("2025-02-28T12:00")) == 0
        kind.attributes.all().delete()
        assert celebrate(at=at("2025-02-28T12:00"), program=world.aurora) == 1


def test_an_anniversary_tells_the_years(world):
    pays(world, "anniversary")
    Member.objects.filter(pk=world.ada.pk).update(joined_at=at("2023-03-01T23:30"))  # the 2nd in Oslo
    assert [celebrate(at=at(when)) for when in ("2024-03-01T12:00", "2024-03-02T12:00", "2025-03-02T12:00")] == [
        0,
        1,
        1,
    ]
    assert [each.attributes for each in Activity.objects.order_by("event_at")] == [{"years": 1}, {"years": 2}]


def test_the_app_counts_once_a_day(world):
    pays(world, "app_open", 1)
    made = [
        open_app(world.ada, actor=ACTOR, at=at(when))
        for when in ("2026-03-02T10:00", "2026-03-02T20:00", "2026-03-03T10:00")
    ]
    assert ([bool(each) for each in made], active(world.ada)) == ([True, False, True], 2)


def test_a_video_counts_once(world):
    pays(world, "video", 5)
    assert [bool(watch_video(world.ada, name, actor=ACTOR)) for name in ("roast", "roast", "brew")] == [
        True,
        False,
        True,
    ]
    assert bool(watch_video(world.ben, "roast", actor=ACTOR))
    with pytest.raises(WrongFacts):
        watch_video(world.ada, "", actor=ACTOR)
    assert active(world.ada) == 10
