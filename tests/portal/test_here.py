"""Scanning the code of a place, then saying yes."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from loyalty.lib import clock
from loyalty.programs.queries.checkins import code_shown
from tests.factories_of_activities import PlaceFactory
from tests.portal.conftest import client_of
from tests.till import AT, active, rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(aurora):
    rule(aurora, "For coming by", trigger="visit", effect="fixed", points=5)
    return PlaceFactory(program=aurora, code="oslo-1", name="Oslo 1")


def scan(place) -> str:
    return f"/p/aurora/here/{place.code}/{code_shown(place, clock.now())}/"


def test_scan_say_yes_and_earn_once(as_ada, ada, store):
    answer = as_ada.get(scan(store))
    assert (answer.status_code, answer.url) == (302, "/p/aurora/here/oslo-1/")
    assert "You are here?" in as_ada.get(answer.url).content.decode()
    assert as_ada.post(answer.url).url == "/p/aurora/earn/"
    assert "You earned 5." in as_ada.get("/p/aurora/earn/").content.decode()
    assert active(ada) == 5
    assert as_ada.post(answer.url).status_code == 410  # the ticket is used up
    as_ada.get(scan(store))
    assert "You have checked in here already." in as_ada.get(answer.url).content.decode()
    refused = as_ada.post(answer.url)
    assert (refused.status_code, active(ada)) == (422, 5)


def test_looking_alone_changes_nothing(as_ada, ada, store):
    as_ada.get(as_ada.get(scan(store)).url)
    assert active(ada) == 0


def test_old_codes_are_refused(as_ada, ada, store):
    with time_machine.travel(AT, tick=False) as moving:
        address = scan(store)
        moving.shift(timedelta(seconds=61))
        answer = as_ada.get(address)
        assert answer.status_code == 410
        assert "This code is no longer valid." in answer.content.decode()
        assert as_ada.post("/p/aurora/here/oslo-1/").status_code == 410
    assert active(ada) == 0


def test_ten_minutes_to_sign_in(ada, store):
    browser = Client()
    with time_machine.travel(AT, tick=False) as moving:
        address = browser.get(scan(store)).url
        assert browser.get(address).url == f"/accounts/login/?next={address}"
        browser.force_login(ada.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        moving.shift(timedelta(minutes=9))
        assert browser.get(address).status_code == 200
        moving.shift(timedelta(minutes=1))
        assert browser.get(address).status_code == 410


def test_a_ticket_is_for_one_place(as_ada, aurora, store):
    as_ada.get(scan(store))
    PlaceFactory(program=aurora, code="oslo-2")
    assert as_ada.post("/p/aurora/here/oslo-2/").status_code == 410


@pytest.mark.parametrize("address", ["here/nowhere/abc/", "here/nowhere/", "here/fjord-1/abc/"])
def test_unknown_places_are_not_found(as_ada, store, fjord, address):
    PlaceFactory(program=fjord, code="fjord-1")
    assert as_ada.get(f"/p/aurora/{address}").status_code == 404


def test_members_of_other_programs_find_nothing(cleo, store):
    browser = client_of(cleo)
    browser.get(scan(store))
    assert browser.get("/p/aurora/here/oslo-1/").status_code == 404
