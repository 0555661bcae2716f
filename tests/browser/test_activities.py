"""Reviews, surveys and sharing: WCAG 2.2 AA by day and by night, phone and desktop; answered without a script."""

import os

import pytest

from loyalty.programs.models.surveys import SurveyReply
from tests.browser.conftest import PHONE, violations
from tests.browser.test_portal_access import sign_in
from tests.browser.test_ways_to_earn import DESKTOP
from tests.factories_of_activities import (
    ReviewFactory,
    ReviewPolicyFactory,
    ShareFactory,
    ShareItemFactory,
    SurveyFactory,
    SurveyQuestionFactory,
)
from tests.portal.conftest import buy, open_aurora
from tests.till import active, rule
from tests.world import join

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(db):
    aurora = open_aurora()
    ada = join(aurora, "Ada", language="en")
    for type in ("review", "survey", "share"):
        rule(aurora, f"For {type}", trigger=type, effect="fixed", points=25)
    ReviewPolicyFactory(program=aurora)
    buy(ada, "1", "12.00")
    ReviewFactory(program=aurora, member=ada)
    ReviewFactory(program=aurora, member=ada, item="Linen apron", state="refused", reason="Please without names.")
    survey = SurveyFactory(program=aurora, code="autumn", intro="Two minutes that help us choose what to roast next.")
    SurveyQuestionFactory(survey=survey, position=1)
    SurveyQuestionFactory(survey=survey, position=2, kind="many", text="With what?", choices="Milk\nSugar\nLemon")
    SurveyQuestionFactory(survey=survey, position=3, kind="rating", text="How do you like our new roast?", choices="")
    SurveyQuestionFactory(
        survey=survey, position=4, kind="long", text="Why?", choices="", is_required=False, hint="In your own words."
    )
    item = ShareItemFactory(program=aurora, code="roast", pays_on="share")
    ShareFactory(item=item, member=join(aurora, "Ben", language="en"), token="ben")
    return ada


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_everyone_can_read_them(phone, ada, scheme, size):
    page = phone(scheme=scheme, size=size)
    sign_in(page)
    found = []
    for name, address in (
        ("earn", "earn/"),
        ("reviews", "reviews/"),
        ("review", "reviews/write/?item=coffee"),
        ("survey", "survey/autumn/"),
        ("share", "share/roast/"),
        ("shared", "s/ben/"),
    ):
        page.goto(f"/p/aurora/{address}")
        found += [f"{name}: {each}" for each in violations(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{scheme}-{size['width']}.png", full_page=True)
    assert found == []


def test_a_survey_is_answered_without_a_script(phone, ada):
    page = phone(javascript=False)
    sign_in(page)
    before = active(ada)
    page.goto("/p/aurora/survey/autumn/")
    page.get_by_label("Tea").check()
    page.get_by_role("button", name="Send my answers").click()
    assert page.get_by_text("Please answer this question.").count() == 2
    assert page.get_by_label("Tea").is_checked()
    page.get_by_label("Milk").check()
    page.get_by_label("4", exact=True).check()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_text("You earned 25.").wait_for()
    assert (active(ada) - before, SurveyReply.objects.count()) == (25, 3)
