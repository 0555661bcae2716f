"""The page Ways to earn: what there is to do, what it pays, what is done."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from loyalty.lib import clock
from loyalty.members.services.members import update_member
from loyalty.programs.models.campaigns import AudienceCondition, Campaign
from loyalty.programs.rules.wording.amounts import moment_of
from loyalty.programs.services.occasions import complete_profile, open_app
from tests.factories_of_activities import ActivityKindFactory, KindAttributeFactory, PlaceFactory
from tests.portal.conftest import client_of
from tests.till import do, rule

pytestmark = pytest.mark.django_db
EARN = "/p/aurora/earn/"


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def fixed(program, type, points, *conditions):
    return rule(program, f"For {type}", *conditions, trigger=type, effect="fixed", points=points)


def test_what_shopping_pays_and_nothing_to_do(as_ada):
    page = words(as_ada.get(EARN))
    assert "When you shop You earn 1 point per 1 €." in page
    assert "Nothing to do at the moment" in page


def test_a_campaign_is_told_to_its_audience(as_ada, aurora, ada):
    spring = Campaign.objects.create(
        program=aurora, code="spring", name="Spring days", description="Everything green pays more."
    )
    AudienceCondition.objects.create(campaign=spring, subject="member_attribute", name="garden", value="yes")
    AudienceCondition.objects.create(campaign=spring, subject="store", value="Oslo 1")
    rule(aurora, "Twice in spring", campaign=spring, points=2)
    page = words(as_ada.get(EARN))
    assert "Spring days" not in page
    assert "2 points per" not in page

    update_member(ada, actor="t", attributes={"garden": "yes"})

    page = words(as_ada.get(EARN))
    assert "Spring days Everything green pays more. You earn 2 points per 1 €" in page
    assert "When you shop You earn 1 point per 1 €." in page

    spring.starts_at = clock.now() + timedelta(days=3)
    spring.save()
    assert "Spring days" not in words(as_ada.get(EARN))


def test_a_profile_that_lacks_something_leads_there(as_ada, aurora, ada):
    fixed(aurora, "profile", 50)
    answer = as_ada.get(EARN)
    assert "To do Complete your profile Still missing: your birthday +50 points" in words(answer)
    assert 'href="/p/aurora/me/profile/"' in answer.content.decode()
    update_member(ada, actor="t", birth_date=date(1990, 5, 4))
    complete_profile(ada.pk, actor="t")
    assert "Done Complete your profile Today" in words(as_ada.get(EARN))


def test_it_pays_each_member_their_own(as_ada, aurora, ada):
    fixed(aurora, "app_open", 3)
    fixed(aurora, "app_open", 7, ("member_attribute.tier", "equals", "gold"))
    assert "Look into the app Once a day. +3 points" in words(as_ada.get(EARN))
    update_member(ada, actor="t", attributes={"tier": "gold"})
    assert "Look into the app Once a day. +10 points" in words(as_ada.get(EARN))


def test_places_birthdays_and_the_brands_own(as_ada, aurora, ada):
    update_member(ada, actor="t", birth_date=date(1990, 5, 4))
    for type, points in (("visit", 5), ("birthday", 100), ("repair", 30), ("quiz", 2)):
        fixed(aurora, type, points)
    PlaceFactory(program=aurora, name="Oslo 1")
    kind = ActivityKindFactory(program=aurora, code="repair", name="Repair a garment", url="https://example.org/r")
    KindAttributeFactory(kind=kind, name="garment", is_required=True)
    ActivityKindFactory(program=aurora, code="quiz", name="The quiz", description="Ask at the bar.")
    answer = as_ada.get(EARN)
    page = words(answer)
    assert "Oslo 1 Scan the code that is shown there, once a day. +5 points" in page
    assert "Your birthday It comes by itself, once a year. +100 points" in page
    assert "Repair a garment You earn 30 points for each repair." in page
    assert "The quiz Ask at the bar. +2 points" in page
    assert 'href="https://example.org/r"' in answer.content.decode()


def test_pending_points_say_so(as_ada, aurora):
    aurora.wallets.update(activation="after_days", activation_count=14)
    fixed(aurora, "app_open", 3)
    assert 'class="amount amount-wait">+3' in as_ada.get(EARN).content.decode()


def test_rules_that_are_off_or_over_are_not_told(as_ada, aurora):
    fixed(aurora, "app_open", 3)
    aurora.rules.update(is_active=False)
    page = words(as_ada.get(EARN))
    assert "Look into the app" not in page
    assert "When you shop" not in page


def test_strangers_sign_in_and_others_find_nothing(client, aurora, as_cleo):
    assert client.get(EARN).url == f"/accounts/login/?next={EARN}"
    assert as_cleo.get(EARN).status_code == 404


def test_the_tab_leads_there(as_ada):
    assert f'href="{EARN}"' in as_ada.get("/p/aurora/").content.decode()


def test_it_asks_no_more_for_more_rows(as_ada, aurora, django_assert_max_num_queries):
    fixed(aurora, "visit", 5)
    PlaceFactory(program=aurora)
    as_ada.get(EARN)
    with django_assert_max_num_queries(20):
        as_ada.get(EARN)


def test_norwegian(ada, aurora):
    update_member(ada, actor="t", language="nb")
    fixed(aurora, "profile", 50)
    assert "Måter å tjene på" in words(client_of(ada).get(EARN))


def test_it_is_not_kept_by_anyone(as_ada):
    assert as_ada.post(EARN).status_code == 405
    assert isinstance(as_ada, Client)


def test_what_was_done_already_is_told(as_ada, aurora, ada):
    for type in ("app_open", "video", "repair"):
        fixed(aurora, type, 5)
    ActivityKindFactory(program=aurora, code="video", name="See our film", url="https://example.org/film")
    ActivityKindFactory(
        program=aurora, code="repair", name="Repair a garment", description="Bring it.", is_strict=False
    )
    page = as_ada.get(EARN)
    assert "See our film Every video counts once. +5 points" in words(page)
    assert 'href="https://example.org/film"' in page.content.decode()
    for number in range(2):
        do(ada, "repair", id=f"r{number}")
    do(ada, "video", id="intro", attributes={"video": "intro"})
    open_app(ada, actor="t")
    page = words(as_ada.get(EARN))
    assert "See our film Every video counts once. Done 1 time so far. +5 points" in page
    assert "Repair a garment Bring it. Done 2 times so far. +5 points" in page
    assert "Done Look into the app Today" in page


def test_types_that_are_not_to_be_shown_are_not(as_ada, aurora):
    fixed(aurora, "video", 5)
    ActivityKindFactory(program=aurora, code="video", name="See our film", is_shown=False)
    assert "See our film" not in words(as_ada.get(EARN))


def test_events_say_when_they_are_and_go_when_they_are_over(as_ada, aurora):
    fixed(aurora, "event", 40)
    with time_machine.travel(datetime(2026, 12, 10, 12, tzinfo=UTC), tick=False) as moving:
        at = datetime(2026, 12, 12, 17, tzinfo=UTC)
        end = at + timedelta(hours=4)
        PlaceFactory(program=aurora, kind="event", name="Tasting", starts_at=at, ends_at=end)
        first, last = moment_of(at, "Europe/Oslo"), moment_of(end, "Europe/Oslo")
        assert f"Tasting From {first} to {last} · Scan the code that is shown there." in words(as_ada.get(EARN))
        moving.move_to(at)
        assert f"Tasting Until {last} · Scan the code that is shown there. +40" in words(as_ada.get(EARN))
        moving.move_to(end)
        assert "Tasting" not in words(as_ada.get(EARN))


def test_what_pays_once_is_done_or_still_open(as_ada, aurora, ada):
    for type in ("app", "walk", "course", "video"):
        fixed(aurora, type, 5)
    ActivityKindFactory(program=aurora, code="app", name="Install our app", pays="ever")
    ActivityKindFactory(program=aurora, code="walk", name="Walk here", pays="daily")
    course = ActivityKindFactory(program=aurora, code="course", name="Courses", pays="value", pays_for="level")
    KindAttributeFactory(kind=course, name="level", form="choice", choices="one, two", is_required=True)
    video = ActivityKindFactory(program=aurora, code="video", name="See our film", pays="value", pays_for="video")
    KindAttributeFactory(kind=video, name="video", is_required=True)
    page = words(as_ada.get(EARN))
    assert "Courses Still open: one, two. +5 points" in page
    for name in ("Install our app", "Walk here", "See our film Every video counts once."):
        assert f"{name} +5 points" in page
    for type, facts in (("app", {}), ("walk", {}), ("course", {"level": "one"}), ("video", {"video": "intro"})):
        do(ada, type, attributes=facts, at=clock.now(), id=type)
    do(ada, "walk", id="yesterday", at=clock.now() - timedelta(days=1))
    page = words(as_ada.get(EARN))
    assert "Courses Done 1 time so far. Still open: two. +5 points" in page
    assert "See our film Every video counts once. Done 1 time so far. +5 points" in page
    assert "Install our app Today" in page
    assert "Walk here Today" in page
    do(ada, "course", attributes={"level": "two"}, at=clock.now(), id="two")
    assert "Courses Today" in words(as_ada.get(EARN))
    with time_machine.travel(clock.now() + timedelta(days=1)):
        assert "Walk here Done 2 times so far. +5 points" in words(as_ada.get(EARN))
