"""Places to check in: kept by campaign managers, shown by whoever stands in the shop."""

import re
from datetime import timedelta

import pytest
import time_machine

from loyalty.programs.models.checkins import Place
from tests.admin.pages import page_of
from tests.factories_of_activities import PlaceFactory
from tests.till import AT

pytestmark = pytest.mark.django_db


def test_a_place_gets_a_secret_of_its_own_that_nobody_sees(staff, world):
    browser = staff("campaign_manager")
    answer = browser.post(page_of("place_add"), {"name": "Oslo 1", "code": "oslo-1", "kind": "visit"})
    assert answer.status_code == 302
    place = Place.objects.get()
    assert len(place.secret) == 64
    assert place.secret not in browser.get(page_of("place_change", place.pk)).content.decode()
    assert "secret" not in {field.name for field in Place.history.model._meta.fields}


def test_the_code_changes_by_itself(staff, world):
    place = PlaceFactory(program=world.aurora)
    browser = staff("support")
    with time_machine.travel(AT.replace(second=10), tick=False) as moving:
        first = browser.get(page_of("place_show", place.pk))
        assert (first.headers["Refresh"], first.headers["Cache-Control"][:8]) == ("20", "no-store")
        moving.shift(timedelta(seconds=20))
        second = browser.get(page_of("place_show", place.pk))
    codes = [re.search(r"<svg.*?</svg>", page.content.decode(), re.S)[0] for page in (first, second)]
    assert codes[0] != codes[1]


def test_a_closed_place_shows_none(staff, world):
    place = PlaceFactory(program=world.aurora, ends_at=AT)
    page = staff("support").get(page_of("place_show", place.pk)).content.decode()
    assert "members cannot check in here now" in page
    assert 'l-code"' not in page


def test_archiving_is_asked_first(staff, world):
    place = PlaceFactory(program=world.aurora)
    browser = staff("program_admin")
    assert "Its code leads nowhere any more." in browser.get(page_of("place_archive", place.pk)).content.decode()
    browser.post(page_of("place_archive", place.pk))
    place.refresh_from_db()
    assert place.is_archived


def test_an_event_has_an_end(staff, world):
    told = {"name": "Tasting", "code": "tasting", "kind": "event"}
    browser = staff("campaign_manager")
    assert "An event has an end." in browser.post(page_of("place_add"), told).content.decode()
    told |= {"ends_at_0": "2026-12-12", "ends_at_1": "22:00"}
    assert browser.post(page_of("place_add"), told).status_code == 302
