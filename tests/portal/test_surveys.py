"""Answering a survey in the portal."""

from datetime import timedelta

import pytest

from loyalty.lib import clock
from loyalty.programs.models.surveys import SurveyAnswer, SurveyReply
from tests.factories_of_activities import SurveyFactory, SurveyQuestionFactory
from tests.portal.test_earn import EARN, fixed, words
from tests.till import active

pytestmark = pytest.mark.django_db
PAGE = "/p/aurora/survey/autumn/"
KEY = "k" * 22


@pytest.fixture
def survey(aurora):
    fixed(aurora, "survey", 30)
    made = SurveyFactory(program=aurora, code="autumn", intro="Two minutes.", thanks="You help us brew.")
    SurveyQuestionFactory(survey=made, position=1)
    SurveyQuestionFactory(survey=made, position=2, kind="many", text="With?", choices="Milk\nSugar", is_required=False)
    SurveyQuestionFactory(survey=made, position=3, kind="rating", text="How good?", choices="")
    SurveyQuestionFactory(survey=made, position=4, kind="short", text="Why?", choices="", is_required=False)
    return made


def filled(survey, *answers, key=KEY) -> dict:
    names = [f"q{each.pk}" for each in survey.questions.all()]
    return {"key": key} | dict(zip(names, answers, strict=False))


def test_from_ways_to_earn_to_thanks(as_ada, ada, survey):
    assert "What do you drink? Two minutes. +30 points" in words(as_ada.get(EARN))
    assert f'href="{PAGE}"' in as_ada.get(EARN).content.decode()
    page = words(as_ada.get(PAGE))
    assert "You earn 30 points for your answers." in page
    assert "With? (optional) Milk Sugar How good? 1 2 3 4 5" in page
    form = filled(survey, "Tea", ["Milk", "Sugar"], "5", "It warms.")
    for _double_click in range(2):
        assert as_ada.post(PAGE, form).url == PAGE
    assert (active(ada), SurveyAnswer.objects.count(), SurveyReply.objects.count()) == (30, 1, 5)
    assert "You help us brew. You answered on" in words(as_ada.get(PAGE))
    assert "You earned 30." in words(as_ada.get(PAGE))
    assert "Done What do you drink? Today" in words(as_ada.get(EARN))


def test_another_form_is_refused(as_ada, ada, survey):
    as_ada.post(PAGE, filled(survey, "Tea", [], "5"))
    again = as_ada.post(PAGE, filled(survey, "Coffee", [], "1", key="j" * 22))
    assert again.status_code == 422
    assert "You have answered already. Thank you!" in words(again)
    assert (active(ada), SurveyReply.objects.filter(value="Coffee").count()) == (30, 0)


def test_bad_input_keeps_the_answers(as_ada, ada, survey):
    answer = as_ada.post(PAGE, filled(survey, "", ["Sugar"], "9", "Because <b>it</b> warms."))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("Please answer this question.") == 1
    assert "Select a valid choice. 9 is not one of the available choices." in page
    assert 'value="Sugar"' in page
    assert "checked" in page
    assert "Because &lt;b&gt;it&lt;/b&gt; warms." in page
    assert f'value="{KEY}"' in page
    assert (active(ada), SurveyAnswer.objects.count()) == (0, 0)


@pytest.mark.parametrize("key", ["", "short", "k" * 23])
def test_a_form_without_its_key_does_nothing(as_ada, survey, key):
    assert as_ada.post(PAGE, filled(survey, "Tea", [], "5", key=key)).status_code in (404, 422)
    assert SurveyAnswer.objects.count() == 0


def test_planned_and_closed_say_so(as_ada, survey):
    survey.opens_at = clock.now() + timedelta(days=3)
    survey.save()
    assert "It opens on" in words(as_ada.get(PAGE))
    assert "What do you drink?" not in words(as_ada.get(EARN))
    survey.opens_at, survey.closes_at = None, clock.now() - timedelta(days=1)
    survey.save()
    assert "This survey is closed" in words(as_ada.get(PAGE))
    assert as_ada.post(PAGE, filled(survey, "Tea", [], "5")).status_code == 422
    assert SurveyAnswer.objects.count() == 0


def test_not_found(as_ada, as_cleo, survey, client):
    assert as_cleo.get(PAGE).status_code == 404
    assert as_ada.get("/p/aurora/survey/winter/").status_code == 404
    assert client.get(PAGE).url == f"/accounts/login/?next={PAGE}"
    survey.is_published = False
    survey.save()
    assert as_ada.get(PAGE).status_code == 404
