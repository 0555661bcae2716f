"""Ways to earn, inviting friends, checking in: WCAG 2.2 AA by day and by night, phone and desktop, without a script."""

import os

import pytest

from loyalty.lib import clock
from loyalty.programs.queries.checkins import code_shown
from tests.browser.conftest import PHONE, violations
from tests.browser.test_portal_access import sign_in
from tests.factories_of_activities import PlaceFactory, ReferralFactory, ReferralPolicyFactory
from tests.portal.conftest import open_aurora
from tests.till import active, rule
from tests.world import join

pytestmark = pytest.mark.django_db(transaction=True)
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
def ada(db):
    aurora = open_aurora()
    ada = join(aurora, "Ada", language="en")
    for type in ("profile", "visit", "referral", "referred", "birthday", "app_open"):
        rule(aurora, f"For {type}", trigger=type, effect="fixed", points=25)
    PlaceFactory(program=aurora, code="oslo-1", name="Aurora Grünerløkka by the river")
    ReferralPolicyFactory(program=aurora, minimum_purchase=25)
    for state, reason in (("pending", ""), ("rewarded", ""), ("refused", "same_email")):
        ReferralFactory(program=aurora, referrer=ada, state=state, reason=reason)
    return ada


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_everyone_can_read_them(phone, ada, scheme, size):
    page = phone(scheme=scheme, size=size)
    sign_in(page)
    place = ada.program.places.get()
    found = []
    for name, address in (
        ("earn", "earn/"),
        ("friends", "friends/"),
        ("here", f"here/oslo-1/{code_shown(place, clock.now())}/"),
    ):
        page.goto(f"/p/aurora/{address}")
        found += [f"{name}: {each}" for each in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{scheme}-{size['width']}.png", full_page=True)
    assert found == []


def test_checking_in_without_a_script(phone, ada):
    page = phone(javascript=False)
    sign_in(page)
    page.goto(f"/p/aurora/here/oslo-1/{code_shown(ada.program.places.get(), clock.now())}/")
    page.get_by_role("button", name="Check in").click()
    page.wait_for_url("**/earn/")
    assert active(ada) == 25
