"""The screens for reviews, surveys and sharing: WCAG 2.2 AA, phone and desk, by day and by night."""

import os

import pytest

from tests.browser.conftest import PHONE, violations
from tests.browser.test_back_office import DESK, address, sign_in, world  # noqa: F401 a fixture
from tests.factories_of_activities import (
    ActivityKindFactory,
    KindAttributeFactory,
    ReviewFactory,
    ShareItemFactory,
    SurveyAnswerFactory,
    SurveyFactory,
    SurveyQuestionFactory,
    SurveyReplyFactory,
)
from tests.till import rule

pytestmark = pytest.mark.django_db(transaction=True)


def pages_of(program, member) -> dict[str, str]:
    """One of everything, with something in it."""
    rule(program, "For reviews", trigger="review", effect="fixed", points=50)
    review = ReviewFactory(program=program, member=member)
    survey = SurveyFactory(program=program)
    tea = SurveyQuestionFactory(survey=survey)
    stars = SurveyQuestionFactory(survey=survey, kind="rating", text="How do you like it?", choices="", position=1)
    words = SurveyQuestionFactory(survey=survey, kind="long", text="Why?", choices="", position=2)
    for taken, rating in (("Tea", "5"), ("Tea", "3"), ("Coffee", "4")):
        answer = SurveyAnswerFactory(survey=survey)
        for question, value in ((tea, taken), (stars, rating), (words, f"{taken} keeps me awake.")):
            SurveyReplyFactory(answer=answer, question=question, value=value)
    item = ShareItemFactory(program=program)
    draft = ShareItemFactory(program=program, is_published=False)
    kind = ActivityKindFactory(program=program, code="video", name="Watch a video", pays="value", pays_for="video")
    KindAttributeFactory(kind=kind, name="video", is_required=True)
    KindAttributeFactory(kind=kind, name="system", form="choice", choices="ios, android", position=1)
    return {
        "reviews": address("review_changelist"),
        "review": address("review_change", review.pk),
        "approve": address("review_approve", review.pk),
        "refuse": address("review_refuse", review.pk),
        "survey": address("survey_change", survey.pk),
        "summary": address("survey_summary", survey.pk),
        "preview": address("survey_preview", survey.pk),
        "share": address("shareitem_change", item.pk),
        "shares": address("shareitem_changelist"),
        "publish-share": address("shareitem_publish", draft.pk),
        "kind": address("activitykind_change", kind.pk),
        "kinds": address("activitykind_changelist"),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_everyone_can_read_them(phone, world, scheme, size):  # noqa: F811
    page, found = sign_in(phone(scheme=scheme, size=size)), []
    for name, where in pages_of(world.aurora, world.ada).items():
        page.goto(where)
        page.wait_for_load_state("networkidle")
        found += [f"{name}: {each}" for each in violations(page)]
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/staff-{name}-{scheme}-{size['width']}.png", full_page=True)
    assert found == []


def test_choices_are_asked_only_where_something_is_chosen(phone, world):  # noqa: F811
    survey = SurveyFactory(program=world.aurora, is_published=False)
    question = SurveyQuestionFactory(survey=survey)
    page = sign_in(phone(size=DESK))
    page.goto(address("survey_change", survey.pk))
    kind, box = page.locator("[name=questions-0-kind]"), page.locator("[name=questions-0-choices]")
    assert box.is_visible()
    kind.select_option("rating")
    assert not box.is_visible()
    kind.select_option("many")
    assert box.input_value() == "Coffee\nTea"
    kind.select_option("rating")
    page.locator("[name=_continue]").first.click()
    page.wait_for_load_state("networkidle")
    question.refresh_from_db()
    assert (question.kind, question.choices) == ("rating", "")
    assert not page.locator("[name=questions-0-choices]").is_visible()
