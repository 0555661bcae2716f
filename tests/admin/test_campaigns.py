"""Campaigns, caps and member lists: who may do what, what the pages say, what a file does."""

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from loyalty.lib import clock
from loyalty.members.models import Segment
from loyalty.programs.models.campaigns import Campaign
from loyalty.programs.models.caps import Cap
from loyalty.programs.queries.campaigns import time_of_campaign, words_of_campaign
from tests.admin.pages import page_of
from tests.till import buy, rule

pytestmark = pytest.mark.django_db
EMPTY = {
    f"{rows}-{name}": value
    for rows in ("audience", "caps", "conditions")
    for name, value in {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}.items()
}


@pytest.fixture
def spring(world) -> Campaign:
    now = clock.now()
    return Campaign.objects.create(
        program=world.aurora,
        code="spring",
        name="Spring",
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(9),
    )


def test_a_campaign_manager_makes_a_campaign_with_audience_and_budget(staff, world):
    filled = EMPTY | {"name": "Winter", "code": "winter", "description": "", "is_active": "on"}
    filled |= {"audience-TOTAL_FORMS": "1", "audience-0-subject": "tier", "audience-0-operator": "equals"}
    filled |= {"audience-0-name": "", "audience-0-value": "gold", "caps-TOTAL_FORMS": "1", "caps-0-scope": "program"}
    filled |= {"caps-0-period": "ever", "caps-0-minutes": "0", "caps-0-measure": "points", "caps-0-limit": "1000"}
    filled |= {"caps-0-mode": "trim", "caps-0-name": "", "caps-0-is_active": "on", "_save": "1"}
    answer = staff("campaign_manager").post(page_of("campaign_add"), filled)
    assert answer.status_code == 302, answer.context["errors"]
    made = Campaign.objects.get(code="winter")
    assert made.program == world.aurora
    assert made.audience.values_list("subject", "value").get() == ("tier", "gold")
    assert made.caps.values_list("program", "limit").get() == (world.aurora.pk, 1000)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("support", 403), ("campaign_manager", 200)])
@pytest.mark.parametrize("page", ["campaign_add", "cap_add", "segment_add"])
def test_only_those_who_write_rules_add(staff, role, status, page):
    assert staff(role).get(page_of(page)).status_code == status


def test_the_pages_say_how_it_stands(staff, world, spring):
    rule(world.aurora, "Bonus", effect="fixed", points=5, campaign=spring)
    Cap.objects.create(program=world.aurora, limit=500)
    buy(world.ada, "120", at=clock.now())
    viewer = staff("viewer")
    assert "Runs from" in viewer.get(page_of("campaign_changelist")).content.decode()
    assert "Spring" in viewer.get(page_of("campaign_calendar")).content.decode()
    assert "No campaign runs" in viewer.get(page_of("campaign_calendar") + "?month=2001-01").content.decode()
    caps = viewer.get(page_of("cap_changelist")).content.decode()
    assert "At most 500 points a day." in caps
    assert "125 of 500" in caps


def test_a_stranger_sees_nothing_of_it(staff, world, spring):
    assert staff("program_admin", world.fjord).get(page_of("campaign_change", spring.pk)).status_code == 404


def test_a_file_puts_members_on_a_list(staff, world):
    press = Segment.objects.create(program=world.aurora, code="press", name="Press")
    content = f"external_id\n{world.ada.number}\n{world.ben.external_id};extra\n{world.cleo.number}\n".encode()
    sent = {"file": SimpleUploadedFile("press.csv", content), "typed": ""}
    assert staff("viewer").post(page_of("segment_put_on", press.pk), sent).status_code == 403
    sent = {"file": SimpleUploadedFile("press.csv", content), "typed": ""}
    browser = staff("campaign_manager")
    told = browser.post(page_of("segment_put_on", press.pk), sent).content.decode()
    assert "2 members changed. 1 name is nobody’s here." in told
    assert f'<td class="l-nowrap">line 4</td><td>{world.cleo.number}</td>' in told
    assert set(press.places.values_list("member", flat=True)) == {world.ada.pk, world.ben.pk}
    mended = {"file": SimpleUploadedFile("press.csv", content.replace(world.cleo.number.encode(), b"ada"))}
    assert browser.post(page_of("segment_put_on", press.pk), mended | {"typed": "ben"}).status_code == 302
    typed = browser.post(page_of("segment_take_off", press.pk), {"typed": "ben\n\nx" + "y" * 200}).content.decode()
    assert "typed, line 3" in typed
    assert set(press.places.values_list("member", flat=True)) == {world.ada.pk}


def test_a_campaign_tells_its_last_day_not_the_midnight_after_it(world):
    oslo = ZoneInfo("Europe/Oslo")
    starts = datetime(2026, 12, 6, tzinfo=oslo)
    make = partial(Campaign.objects.create, program=world.aurora, name="Winter")
    told = [
        (words_of_campaign(campaign), time_of_campaign(campaign))
        for campaign in (
            make(code="a", starts_at=starts, ends_at=starts + timedelta(days=1)),
            make(code="b", starts_at=starts, ends_at=starts + timedelta(days=7)),
            make(code="c", starts_at=starts),
        )
    ]
    assert told == [
        ("Runs on 6 December 2026, for all members.", "6 December 2026"),
        ("Runs from 6 December 2026 to 12 December 2026, for all members.", "6 December 2026 – 12 December 2026"),
        ("Runs from 6 December 2026 on, for all members.", "from 6 December 2026 on"),
    ]
